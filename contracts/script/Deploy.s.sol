// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MasterDataV1} from "../src/MasterDataV1.sol";
import {RecordRelay} from "../src/RecordRelay.sol";
import {StorageLayer} from "../src/StorageLayer.sol";
import {DeploymentFile} from "./DeploymentFile.sol";

/// @title Deploys storage layer, relay and master-data V1, and wires them
/// @notice The sender becomes the authority. Run again it finds what stands, by the file or by the addresses that
/// follow from sender and code, and does only what is missing. `contracts/deploy` runs both steps: `run()` with
/// --broadcast, then `write()`, which reads the chain and not the simulation. Environment: DEPLOYMENT_FILE;
/// DEPLOYMENT_SALT (0 when left out), another number for each further deployment of one authority on one chain.
contract Deploy is DeploymentFile {
    /// @dev The deterministic deployer that most chains carry and anvil starts with. It makes an address a function of
    /// the code, so that a second run meets the first one's contracts.
    address internal constant FACTORY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    /// @notice The chain lacks the deterministic deployer.
    error FactoryMissing(address factory);

    /// @notice The factory could not create a contract from this code.
    error CreationFailed(bytes answer);

    /// @notice Something is missing that only the authority of what stands can add.
    error SenderIsNotTheAuthority(address sender, address authority);

    /// @notice The deployment is not complete: run with --broadcast first.
    error NotDeployed(address storageLayer);

    function run() external {
        deploy(vm.envString("DEPLOYMENT_FILE"), msg.sender, _salt());
    }

    function write() external {
        write(vm.envString("DEPLOYMENT_FILE"), msg.sender, _salt());
    }

    /// @notice Does what is missing.
    function deploy(string memory file, address sender, uint256 salt) public returns (StorageLayer store) {
        store = _find(file, sender, salt);
        vm.startBroadcast(sender);
        if (address(store).code.length == 0) _create(_storageCode(sender), salt);
        RecordRelay relay = RecordRelay(store.relay());
        if (relay.versionCount() == 0) {
            if (sender != store.owner()) revert SenderIsNotTheAuthority(sender, store.owner());
            // Its code names the storage layer: no salt is needed to tell two apart.
            address masterData = _predict(_masterDataCode(store), 0);
            if (masterData.code.length == 0) _create(_masterDataCode(store), 0);
            relay.register(masterData);
        }
        vm.stopBroadcast();
    }

    /// @notice Writes the file from what the chain holds.
    function write(string memory file, address sender, uint256 salt) public {
        StorageLayer store = _find(file, sender, salt);
        bool stands = address(store).code.length != 0 && RecordRelay(store.relay()).versionCount() != 0;
        if (!stands) revert NotDeployed(address(store));
        _write(file, store);
    }

    /// @dev Where the storage layer stands or will stand.
    function _find(string memory file, address sender, uint256 salt) private view returns (StorageLayer store) {
        store = _fromFile(file);
        if (address(store) == address(0)) store = StorageLayer(_predict(_storageCode(sender), salt));
    }

    function _salt() private view returns (uint256) {
        return vm.envOr("DEPLOYMENT_SALT", uint256(0));
    }

    function _create(bytes memory initCode, uint256 salt) private {
        if (FACTORY.code.length == 0) revert FactoryMissing(FACTORY);
        (bool created, bytes memory answer) = FACTORY.call(abi.encodePacked(salt, initCode));
        if (!created) revert CreationFailed(answer);
    }

    function _predict(bytes memory initCode, uint256 salt) private pure returns (address) {
        return vm.computeCreate2Address(bytes32(salt), keccak256(initCode), FACTORY);
    }

    function _storageCode(address authority) private pure returns (bytes memory) {
        return abi.encodePacked(type(StorageLayer).creationCode, abi.encode(authority));
    }

    function _masterDataCode(StorageLayer store) private pure returns (bytes memory) {
        return abi.encodePacked(type(MasterDataV1).creationCode, abi.encode(store));
    }
}
