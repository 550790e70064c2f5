// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {RecordRelay} from "./RecordRelay.sol";
import {SecurityLayer} from "./SecurityLayer.sol";
import {StreamKind} from "./StreamKind.sol";
import {IStorageLayer} from "./interfaces/IStorageLayer.sol";

/// @title Append-only streams of 32-byte words
/// @notice Holds all state of a deployment, for good: there is no proxy and no way to change or remove a word. Rules
/// that must hold for ever are kept here; rules that may change come with master-data.
contract StorageLayer is IStorageLayer, SecurityLayer {
    /// @dev The version of a batched record that the batch itself holds.
    uint64 internal constant BATCHED_VERSION = 1;

    /// @dev Batches share one stream.
    uint64 internal constant BATCH_KEY = 0;

    /// @dev The index that holds the closing word.
    uint64 internal constant CLOSING_INDEX = 0;

    struct StreamSlots {
        Tip tip;
        mapping(uint64 index => bytes32) words;
    }

    /// @inheritdoc IStorageLayer
    address public immutable relay;
    /// @inheritdoc IStorageLayer
    uint256 public immutable deploymentBlock = block.number;

    // These two share the slot of OpenZeppelin's `_paused`: one read tells whether a write may go on.
    /// @inheritdoc IStorageLayer
    address public writer;
    /// @inheritdoc IStorageLayer
    uint64 public lastUid;

    mapping(uint8 kind => mapping(uint64 key => StreamSlots)) private _streams;

    /// @inheritdoc IStorageLayer
    mapping(uint8 kind => bytes32) public roleOf;

    modifier onlyWriter() {
        _requireWriter();
        _;
    }

    /// @notice Makes the relay too, so that both know each other from birth and nothing is left to set.
    constructor(address authority) SecurityLayer(authority) {
        relay = address(new RecordRelay(address(this)));
        _openKind(StreamKind.REGISTER_HEAD, WITNESS_ROLE);
    }

    /// @inheritdoc IStorageLayer
    function appendRecordProof(address actor, uint64 uid, uint64 timestamp, bytes32 recordProof)
        external
        onlyWriter
        whenNotPaused
        returns (uint64 version, uint64 previousTimestamp)
    {
        _checkRole(CONTROLLER_ROLE, actor);
        StreamSlots storage stream = _streams[StreamKind.RECORD][uid];
        Tip memory newest = stream.tip;
        if (newest.closure != 0) revert RecordIsRetired(uid, newest.closure);
        previousTimestamp = newest.timestamp;
        version = newest.lastIndex == 0 ? _takeUid(uid) : newest.lastIndex + 1;
        if (recordProof == 0) revert WordZero(StreamKind.RECORD, uid, version);
        _write(stream, version, timestamp, recordProof);
        emit RecordProofAdded(uid, version, recordProof, timestamp, actor);
    }

    /// @inheritdoc IStorageLayer
    function appendBatch(address actor, uint64 firstUid, uint64 count, uint64 timestamp, bytes32 root)
        external
        onlyWriter
        whenNotPaused
    {
        _checkRole(CONTROLLER_ROLE, actor);
        if (count == 0) revert BatchEmpty(firstUid);
        if (root == 0) revert WordZero(StreamKind.BATCH, BATCH_KEY, firstUid);
        uint256 nextUid = uint256(lastUid) + 1;
        if (firstUid != nextUid) revert UidOutOfOrder(firstUid, nextUid);
        lastUid = SafeCast.toUint64(nextUid + count - 1);
        _write(_streams[StreamKind.BATCH][BATCH_KEY], firstUid, timestamp, root);
        emit RecordProofBatchAdded(firstUid, count, root, timestamp, actor);
    }

    /// @inheritdoc IStorageLayer
    function append(address actor, uint8 kind, uint64 key, uint64 timestamp, bytes32 newWord)
        external
        onlyWriter
        whenNotPaused
        returns (uint64 index)
    {
        bytes32 role = roleOf[kind];
        if (role == 0) revert KindNotOpen(kind);
        _checkRole(role, actor);
        StreamSlots storage stream = _streams[kind][key];
        index = stream.tip.lastIndex + 1;
        if (newWord == 0) revert WordZero(kind, key, index);
        _write(stream, index, timestamp, newWord);
        emit WordAppended(key, index, newWord, kind, timestamp, actor);
    }

    /// @inheritdoc IStorageLayer
    function appendVoid(address actor, uint64 uid, uint64 version, uint64 timestamp) external onlyWriter whenNotPaused {
        _checkRole(DEFAULT_ADMIN_ROLE, actor);
        _requireTaken(uid);
        StreamSlots storage stream = _streams[StreamKind.VOID][uid];
        uint64 number = stream.tip.lastIndex + 1;
        if (version == 0) revert WordZero(StreamKind.VOID, uid, number);
        _write(stream, number, timestamp, bytes32(uint256(version)));
        emit RecordProofVoided(uid, version, _streams[StreamKind.RECORD][uid].words[version], timestamp, actor);
    }

    /// @inheritdoc IStorageLayer
    function closeRecord(address actor, uint64 uid, uint8 reason, bytes32 evidence) external onlyWriter whenNotPaused {
        _checkRole(CONTROLLER_ROLE, actor);
        _requireTaken(uid);
        if (reason == 0) revert ReasonZero(uid);
        if (evidence == 0) revert WordZero(StreamKind.RECORD, uid, CLOSING_INDEX);
        StreamSlots storage stream = _streams[StreamKind.RECORD][uid];
        Tip memory newest = stream.tip;
        if (newest.closure != 0) revert RecordIsRetired(uid, newest.closure);
        newest.closure = reason;
        newest.closedAtBlock = SafeCast.toUint56(block.number);
        stream.tip = newest;
        stream.words[CLOSING_INDEX] = evidence;
        bytes32 proof = newest.lastIndex == 0 ? bytes32(0) : stream.words[newest.lastIndex];
        emit RecordRetired(uid, newest.lastIndex, proof, reason, evidence, actor);
    }

    /// @inheritdoc IStorageLayer
    function openKind(uint8 kind, bytes32 role) external onlyOwner {
        _openKind(kind, role);
    }

    /// @inheritdoc IStorageLayer
    function setWriter(address newWriter) external {
        if (msg.sender != relay) revert RelayOnly(msg.sender);
        emit WriterChanged(writer, newWriter);
        writer = newWriter;
    }

    /// @inheritdoc IStorageLayer
    function tip(uint8 kind, uint64 key) external view returns (Tip memory) {
        return _streams[kind][key].tip;
    }

    /// @inheritdoc IStorageLayer
    function word(uint8 kind, uint64 key, uint64 index) external view returns (bytes32) {
        return _streams[kind][key].words[index];
    }

    /// @inheritdoc IStorageLayer
    function words(uint8 kind, uint64 key, uint64 firstIndex, uint256 count)
        external
        view
        returns (bytes32[] memory page)
    {
        StreamSlots storage stream = _streams[kind][key];
        uint256 end = uint256(stream.tip.lastIndex) + 1;
        uint256 left = firstIndex < end ? end - firstIndex : 0;
        page = new bytes32[](count < left ? count : left);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = stream.words[SafeCast.toUint64(firstIndex + i)];
        }
    }

    /// @inheritdoc IStorageLayer
    function streams(uint8 kind, uint64 firstKey, uint256 count) external view returns (Stream[] memory page) {
        page = new Stream[](count);
        for (uint256 i = 0; i < count; i++) {
            uint64 key = SafeCast.toUint64(firstKey + i);
            StreamSlots storage stream = _streams[kind][key];
            Tip memory end = stream.tip;
            bytes32 newest = end.lastIndex == 0 ? bytes32(0) : stream.words[end.lastIndex];
            bytes32 closing = end.closure == 0 ? bytes32(0) : stream.words[CLOSING_INDEX];
            page[i] = Stream({key: key, tip: end, newestWord: newest, closingWord: closing});
        }
    }

    /// @dev Records, batches and voids have their own ways of writing and are never opened.
    function _openKind(uint8 kind, bytes32 role) private {
        bool ownWay = kind == StreamKind.RECORD || kind == StreamKind.BATCH || kind == StreamKind.VOID;
        if (ownWay || roleOf[kind] != 0) revert KindTaken(kind);
        _requireKnown(role);
        roleOf[kind] = role;
        emit KindOpened(kind, role);
    }

    /// @dev The first index in the stream of a record that has no word there yet. A new record takes the next UID; a
    /// batched one has its version 1 in the batch.
    function _takeUid(uint64 uid) private returns (uint64 version) {
        if (uid == uint256(lastUid) + 1) {
            lastUid = uid;
            return 1;
        }
        _requireTaken(uid);
        return BATCHED_VERSION + 1;
    }

    /// @dev The one place that stores words. Callers pass an index above the stream's last and a word other than zero, so
    /// no slot is ever written twice.
    function _write(StreamSlots storage stream, uint64 index, uint64 timestamp, bytes32 newWord) private {
        stream.tip = Tip({
            lastIndex: index,
            timestamp: timestamp,
            blockNumber: SafeCast.toUint64(block.number),
            closure: 0,
            closedAtBlock: 0
        });
        stream.words[index] = newWord;
    }

    function _requireWriter() private view {
        if (msg.sender != writer) revert WriterOnly(msg.sender, writer);
    }

    function _requireTaken(uint64 uid) private view {
        if (uid == 0 || uid > lastUid) revert UidOutOfOrder(uid, uint256(lastUid) + 1);
    }
}
