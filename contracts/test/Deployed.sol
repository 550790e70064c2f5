// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cheatcodes} from "../forge/Cheatcodes.sol";
import {MasterDataV1} from "../src/MasterDataV1.sol";
import {RecordRelay} from "../src/RecordRelay.sol";
import {StorageLayer} from "../src/StorageLayer.sol";

/// @notice All contracts deployed and wired as `script/Deploy.s.sol` does, with one key per role.
abstract contract Deployed is Cheatcodes {
    uint64 internal constant NOW = 1_800_000_000;

    address internal immutable AUTHORITY = _named("authority");
    address internal immutable CONTROLLER = _named("controller");
    address internal immutable WITNESS = _named("witness");
    address internal immutable STRANGER = _named("stranger");

    StorageLayer internal store;
    RecordRelay internal relay;
    MasterDataV1 internal masterData;

    function setUp() public virtual {
        vm.warp(NOW);
        vm.roll(1000);
        store = new StorageLayer(AUTHORITY);
        relay = RecordRelay(store.relay());
        masterData = new MasterDataV1(store);
        vm.startPrank(AUTHORITY);
        relay.register(address(masterData));
        store.grantRole(store.CONTROLLER_ROLE(), CONTROLLER);
        store.grantRole(store.WITNESS_ROLE(), WITNESS);
        vm.stopPrank();
    }

    function _named(string memory name) internal returns (address account) {
        account = address(uint160(uint256(keccak256(bytes(name)))));
        vm.label(account, name);
    }
}
