// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../src/StreamKind.sol";

/// @notice What the contracts should hold and allow, kept in the plainest way and without looking at them.
abstract contract Model {
    struct StoredWord {
        uint8 kind;
        uint64 key;
        uint64 index;
        bytes32 word;
    }

    address public authority;
    bool public paused;
    mapping(address account => bool) public isController;
    mapping(address account => bool) public isWitness;

    mapping(uint8 kind => bytes32) public roleOf;

    /// @notice Every master-data ever registered, the last one being the writer.
    address[] public history;

    StoredWord[] internal _stored;
    uint64 public lastUid;
    uint64 public heads;
    uint64 public lastBatch;
    mapping(uint64 uid => bool) public batched;
    mapping(uint64 uid => uint64) public newestVersion;
    mapping(uint64 uid => uint64) public newestTimestamp;
    mapping(uint64 uid => uint8) public retired;
    mapping(uint64 uid => uint64) public voidCount;
    mapping(uint64 uid => mapping(uint64 version => bool)) public voided;

    function stored() external view returns (StoredWord[] memory) {
        return _stored;
    }

    function historyLength() external view returns (uint256) {
        return history.length;
    }

    function _mayWrite(address masterData) internal view returns (bool) {
        return !paused && masterData == history[history.length - 1];
    }

    function _mayAnchor(address actor, uint64 uid, uint64 timestamp, bytes32 proof) internal view returns (bool) {
        bool uidFits = uid >= 1 && uid <= lastUid + 1;
        return isController[actor] && uidFits && proof != 0 && retired[uid] == 0 && timestamp > newestTimestamp[uid];
    }

    function _mayVoid(address actor, uint64 uid, uint64 version) internal view returns (bool) {
        bool known = version >= 1 && version <= newestVersion[uid];
        return actor == authority && known && !voided[uid][version];
    }

    function _anchored(uint64 uid, uint64 timestamp, bytes32 proof) internal {
        if (newestVersion[uid] == 0 && batched[uid]) newestVersion[uid] = 1;
        if (uid > lastUid) lastUid = uid;
        newestTimestamp[uid] = timestamp;
        _stored.push(StoredWord(StreamKind.RECORD, uid, ++newestVersion[uid], proof));
    }

    function _batchAnchored(uint64 firstUid, uint64 count, bytes32 root) internal {
        for (uint64 uid = firstUid; uid < firstUid + count; uid++) {
            batched[uid] = true;
        }
        lastUid += count;
        lastBatch = firstUid;
        _stored.push(StoredWord(StreamKind.BATCH, 0, firstUid, root));
    }

    function _retired(uint64 uid, uint8 reason, bytes32 evidence) internal {
        retired[uid] = reason;
        _stored.push(StoredWord(StreamKind.RECORD, uid, 0, evidence));
    }

    function _voided(uint64 uid, uint64 version) internal {
        voided[uid][version] = true;
        _stored.push(StoredWord(StreamKind.VOID, uid, ++voidCount[uid], bytes32(uint256(version))));
    }

    function _headAdded(bytes32 head) internal {
        _stored.push(StoredWord(StreamKind.REGISTER_HEAD, 0, ++heads, head));
    }
}
