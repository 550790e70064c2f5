// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cheatcodes} from "../forge/Cheatcodes.sol";
import {RecordRelay} from "../src/RecordRelay.sol";
import {StorageLayer} from "../src/StorageLayer.sol";

/// @notice The file of addresses that readers pin: what stands on the chain, in JSON.
abstract contract DeploymentFile is Cheatcodes {
    /// @notice The file was written for another chain.
    error FileOfOtherChain(string file, uint256 fileChainId, uint256 chainId);

    /// @notice The file names a storage layer that this chain does not hold, or not with that code. Is the node behind,
    /// or the chain a new one? Nothing was done; remove the file to deploy anew.
    error FileContradictsChain(string file, address storageLayer);

    /// @notice The storage layer named by the file, once checked; zero when there is no file.
    function _fromFile(string memory file) internal view returns (StorageLayer) {
        if (!vm.exists(file)) return StorageLayer(address(0));
        string memory json = vm.readFile(file);
        uint256 chainId = vm.parseJsonUint(json, ".chain_id");
        if (chainId != block.chainid) revert FileOfOtherChain(file, chainId, block.chainid);
        address storageLayer = vm.parseJsonAddress(json, ".storage_layer");
        if (storageLayer.codehash != vm.parseJsonBytes32(json, ".storage_code_hash")) {
            revert FileContradictsChain(file, storageLayer);
        }
        return StorageLayer(storageLayer);
    }

    function _write(string memory file, StorageLayer store) internal {
        string memory json = "deployment";
        uint256 deploymentBlock = store.deploymentBlock();
        vm.serializeUint(json, "chain_id", block.chainid);
        vm.serializeAddress(json, "relay", store.relay());
        vm.serializeAddress(json, "storage_layer", address(store));
        vm.serializeBytes32(json, "storage_code_hash", address(store).codehash);
        vm.serializeAddress(json, "master_data", RecordRelay(store.relay()).latest());
        vm.serializeUint(json, "deployment_block", deploymentBlock);
        vm.serializeBytes32(json, "deployment_block_hash", _blockHash(deploymentBlock));
        vm.writeJson(vm.serializeAddress(json, "authority", store.owner()), file);
    }

    /// @dev `blockhash` reaches 256 blocks back only; a node serves every header.
    function _blockHash(uint256 blockNumber) internal view virtual returns (bytes32) {
        return keccak256(vm.getRawBlockHeader(blockNumber));
    }
}
