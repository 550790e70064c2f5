// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {Cheatcodes} from "../forge/Cheatcodes.sol";
import {MasterDataV1} from "../src/MasterDataV1.sol";
import {RecordRelay} from "../src/RecordRelay.sol";
import {StorageLayer} from "../src/StorageLayer.sol";
import {StreamKind} from "../src/StreamKind.sol";
import {IMasterData} from "../src/interfaces/IMasterData.sol";
import {IStorageLayer} from "../src/interfaces/IStorageLayer.sol";

/// @notice All contracts deployed and wired as `script/Deploy.s.sol` does, with one key per role.
abstract contract Deployed is Cheatcodes {
    uint64 internal constant NOW = 1_800_000_000;
    uint64 internal constant BLOCK = 1000;

    uint8 internal constant ERASED = 1;
    uint8 internal constant WITHDRAWN = 2;

    bytes32 internal constant ADMIN_ROLE = 0x00;
    bytes32 internal constant CONTROLLER_ROLE = keccak256("CONTROLLER_ROLE");
    bytes32 internal constant WITNESS_ROLE = keccak256("WITNESS_ROLE");

    address internal immutable AUTHORITY = _named("authority");
    address internal immutable CONTROLLER = _named("controller");
    address internal immutable WITNESS = _named("witness");
    address internal immutable STRANGER = _named("stranger");

    StorageLayer internal store;
    RecordRelay internal relay;
    MasterDataV1 internal masterData;

    function setUp() public virtual {
        vm.warp(NOW);
        vm.roll(BLOCK);
        store = new StorageLayer(AUTHORITY);
        relay = RecordRelay(store.relay());
        masterData = new MasterDataV1(store);
        vm.startPrank(AUTHORITY);
        relay.register(address(masterData));
        store.grantRole(CONTROLLER_ROLE, CONTROLLER);
        store.grantRole(WITNESS_ROLE, WITNESS);
        vm.stopPrank();
    }

    /// @dev Anchors version 1 of the next UID.
    function _anchorNew() internal returns (uint256 uid) {
        uid = masterData.nextUid();
        _anchor(uid, 1);
    }

    /// @dev Anchors `versions` versions of the next UID, each ten seconds and one block after the other.
    function _anchorNew(uint256 versions) internal returns (uint256 uid) {
        uid = masterData.nextUid();
        for (uint256 version = 1; version <= versions; version++) {
            if (version > 1) _pass(10);
            _anchor(uid, version);
        }
    }

    function _anchor(uint256 uid, uint256 version) internal {
        vm.prank(CONTROLLER);
        masterData.addRecordProof(uid, uint64(block.timestamp), _proof(uid, version));
    }

    function _retire(uint256 uid, uint8 reason) internal {
        vm.prank(CONTROLLER);
        masterData.retireRecord(uid, reason, _evidence(uid));
    }

    function _void(uint256 uid, uint256 version) internal {
        vm.prank(AUTHORITY);
        masterData.voidRecordProof(uid, version);
    }

    function _pause() internal {
        vm.prank(AUTHORITY);
        store.pause();
    }

    /// @dev Another master-data takes over; `masterData` stays the superseded one.
    function _supersede() internal returns (MasterDataV1 newer) {
        newer = new MasterDataV1(store);
        vm.prank(AUTHORITY);
        relay.register(address(newer));
    }

    function _pass(uint256 secs) internal {
        vm.warp(block.timestamp + secs);
        vm.roll(block.number + 1);
    }

    function _proof(uint256 uid, uint256 version) internal pure returns (bytes32) {
        return keccak256(abi.encode("proof", uid, version));
    }

    function _evidence(uint256 uid) internal pure returns (bytes32) {
        return keccak256(abi.encode("evidence", uid));
    }

    function _roleMissing(address account, bytes32 role) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role);
    }

    function _assertSame(IMasterData.RecordProof memory left, IMasterData.RecordProof memory right) internal pure {
        vm.assertEq(keccak256(abi.encode(left)), keccak256(abi.encode(right)));
    }

    function _named(string memory name) private returns (address account) {
        account = address(uint160(uint256(keccak256(bytes(name)))));
        vm.label(account, name);
    }
}
