// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {MasterDataV1} from "../../src/MasterDataV1.sol";
import {StreamKind} from "../../src/StreamKind.sol";
import {IStorageLayer} from "../../src/interfaces/IStorageLayer.sol";

/// @notice Test code: a second master-data that anchors many records by one root, to show that the storage layer
/// carries it. Tree: node = SHA256(0x03 ‖ left ‖ right), leaves are the record proofs in the order of their UIDs.
contract MasterDataV2 is MasterDataV1 {
    uint64 internal constant BATCH_KEY = 0;

    constructor(IStorageLayer storageLayer_) MasterDataV1(storageLayer_) {}

    function addRecordProofBatch(uint256 firstUid, uint256 count, uint64 timestamp, bytes32 root) external {
        _requireInWindow(timestamp);
        STORAGE.appendBatch(msg.sender, SafeCast.toUint64(firstUid), SafeCast.toUint64(count), timestamp, root);
    }

    /// @notice Whether `recordProof` is version 1 of the batched record `uid`.
    function isBatched(uint256 uid, bytes32 recordProof, bytes32[] calldata path) external view returns (bool) {
        (uint64 firstUid, bytes32 root) = batchOf(uid);
        bytes32 node = recordProof;
        uint256 position = uid - firstUid;
        for (uint256 i = 0; i < path.length; i++) {
            node = position & 1 == 0 ? hashNodes(node, path[i]) : hashNodes(path[i], node);
            position >>= 1;
        }
        return position == 0 && node == root;
    }

    /// @notice The batch that took `uid`: its first UID and root; zero when the UID was anchored singly or not at all.
    function batchOf(uint256 uid) public view returns (uint64 firstUid, bytes32 root) {
        if (uid == 0 || uid >= nextUid()) return (0, 0);
        for (firstUid = SafeCast.toUint64(uid); firstUid > 0; firstUid--) {
            if (STORAGE.word(StreamKind.RECORD, firstUid, 1) != 0) return (0, 0);
            root = STORAGE.word(StreamKind.BATCH, BATCH_KEY, firstUid);
            if (root != 0) return (firstUid, root);
        }
    }

    function hashNodes(bytes32 left, bytes32 right) public pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x03), left, right));
    }
}
