// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MasterDataV1} from "../../src/MasterDataV1.sol";
import {IStorageLayer} from "../../src/interfaces/IStorageLayer.sol";

/// @notice For benchmarks only: a master-data that anchors many records by one transaction, so that a million of them
/// stand on a local chain within minutes.
contract BulkMasterData is MasterDataV1 {
    constructor(IStorageLayer storageLayer_) MasterDataV1(storageLayer_) {}

    function addRecordProofs(uint64 firstUid, uint64 timestamp, bytes32[] calldata recordProofs) external {
        for (uint64 i = 0; i < recordProofs.length; i++) {
            STORAGE.appendRecordProof(msg.sender, firstUid + i, timestamp, recordProofs[i]);
        }
    }
}
