// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {StreamKind} from "./StreamKind.sol";
import {IMasterData} from "./interfaces/IMasterData.sol";
import {IStorageLayer} from "./interfaces/IStorageLayer.sol";

/// @title Master-data, version 1: one record proof per transaction
/// @notice Checks what may change with a later version (times, reasons, what can be voided) and hands the word and the
/// acting key on to the storage layer, which checks the role, the pause, and that this contract is the latest.
contract MasterDataV1 is IMasterData {
    /// @dev The one register that version 1 knows.
    uint64 internal constant REGISTER_KEY = 0;

    uint8 internal constant ERASED = 1;
    uint8 internal constant WITHDRAWN = 2;

    /// @dev Anchoring follows consent by hours, not weeks; a stuck transaction still has its day.
    uint256 internal constant OLDEST_SECONDS = 1 days;
    /// @dev Clocks differ a little.
    uint256 internal constant AHEAD_SECONDS = 60;

    IStorageLayer internal immutable STORAGE;

    /// @param storageLayer_ The storage layer of the relay at which this contract will be registered.
    constructor(IStorageLayer storageLayer_) {
        STORAGE = storageLayer_;
    }

    /// @inheritdoc IMasterData
    function addRecordProof(uint256 uid, uint64 timestamp, bytes32 recordProof) external {
        _requireInWindow(timestamp);
        (, uint64 previous) = STORAGE.appendRecordProof(msg.sender, SafeCast.toUint64(uid), timestamp, recordProof);
        // Compared after the write, which saves a call; to revert undoes it.
        if (timestamp <= previous) revert TimestampNotRising(uid, timestamp, previous);
    }

    /// @inheritdoc IMasterData
    function retireRecord(uint256 uid, uint8 reason, bytes32 evidence) external {
        if (reason != ERASED && reason != WITHDRAWN) revert RetirementReasonUnknown(reason);
        STORAGE.closeRecord(msg.sender, SafeCast.toUint64(uid), reason, evidence);
    }

    /// @inheritdoc IMasterData
    function voidRecordProof(uint256 uid, uint256 version) external {
        RecordProof memory record = getRecordProofAt(uid, version);
        if (record.voided) revert AlreadyVoided(uid, version);
        STORAGE.appendVoid(msg.sender, record.uid, record.version, SafeCast.toUint64(block.timestamp));
    }

    /// @inheritdoc IMasterData
    function addRegisterHead(bytes32 head) external {
        uint64 timestamp = SafeCast.toUint64(block.timestamp);
        STORAGE.append(msg.sender, StreamKind.REGISTER_HEAD, REGISTER_KEY, timestamp, head);
    }

    /// @inheritdoc IMasterData
    function getRecordProof(uint256 uid) external view returns (RecordProof memory) {
        return _newest(_record(uid), STORAGE.tip(StreamKind.VOID, SafeCast.toUint64(uid)));
    }

    /// @inheritdoc IMasterData
    function getRecordProofs(uint256 firstUid, uint256 count) external view returns (RecordProof[] memory page) {
        uint256 next = nextUid();
        if (firstUid == 0) revert UidUnknown(firstUid, next);
        uint256 left = firstUid < next ? next - firstUid : 0;
        page = new RecordProof[](count < left ? count : left);
        if (page.length == 0) return page;
        uint64 first = SafeCast.toUint64(firstUid);
        IStorageLayer.Stream[] memory records = STORAGE.streams(StreamKind.RECORD, first, page.length);
        IStorageLayer.Stream[] memory voids = STORAGE.streams(StreamKind.VOID, first, page.length);
        for (uint256 i = 0; i < page.length; i++) {
            page[i] = _newest(records[i], voids[i].tip);
        }
    }

    /// @inheritdoc IMasterData
    function storageLayer() external view returns (address) {
        return address(STORAGE);
    }

    /// @inheritdoc IMasterData
    function getRecordProofAt(uint256 uid, uint256 version) public view virtual returns (RecordProof memory record) {
        IStorageLayer.Stream memory stream = _record(uid);
        uint64 newest = stream.tip.lastIndex;
        if (version == 0 || version > newest) revert VersionUnknown(uid, version, newest);
        record = _newest(stream, STORAGE.tip(StreamKind.VOID, stream.key));
        if (version == newest) return record;
        record.version = SafeCast.toUint64(version);
        record.proof = STORAGE.word(StreamKind.RECORD, stream.key, record.version);
        record.voided = _isVoided(record.uid, record.version, record.voidCount);
        record.timestamp = 0;
        record.blockNumber = 0;
    }

    /// @inheritdoc IMasterData
    function nextUid() public view returns (uint256) {
        return uint256(STORAGE.lastUid()) + 1;
    }

    /// @dev The stream of a UID that is taken.
    function _record(uint256 uid) internal view returns (IStorageLayer.Stream memory) {
        uint256 next = nextUid();
        if (uid == 0 || uid >= next) revert UidUnknown(uid, next);
        return STORAGE.streams(StreamKind.RECORD, SafeCast.toUint64(uid), 1)[0];
    }

    /// @dev A stream of this kind as readers want it.
    function _newest(IStorageLayer.Stream memory stream, IStorageLayer.Tip memory voids)
        internal
        view
        returns (RecordProof memory)
    {
        return RecordProof({
            uid: stream.key,
            version: stream.tip.lastIndex,
            timestamp: stream.tip.timestamp,
            blockNumber: stream.tip.blockNumber,
            proof: stream.newestWord,
            voided: _isVoided(stream.key, stream.tip.lastIndex, voids.lastIndex),
            voidCount: voids.lastIndex,
            retired: stream.tip.closure != 0,
            retirementReason: stream.tip.closure,
            retiredAtBlock: stream.tip.closedAtBlock,
            retirementEvidence: stream.closingWord
        });
    }

    /// @dev Voids of a record are few: the authority writes them by hand, each version once.
    function _isVoided(uint64 uid, uint64 version, uint64 voidCount) internal view returns (bool) {
        if (voidCount == 0) return false;
        bytes32[] memory voidedVersions = STORAGE.words(StreamKind.VOID, uid, 1, voidCount);
        for (uint256 i = 0; i < voidedVersions.length; i++) {
            if (uint256(voidedVersions[i]) == version) return true;
        }
        return false;
    }

    function _requireInWindow(uint64 timestamp) internal view {
        // A validator moves the block's time by seconds; the window is a day.
        // forge-lint: disable-start(block-timestamp)
        bool tooOld = uint256(timestamp) + OLDEST_SECONDS < block.timestamp;
        bool ahead = timestamp > block.timestamp + AHEAD_SECONDS;
        // forge-lint: disable-end(block-timestamp)
        if (tooOld || ahead) revert TimestampOutOfWindow(timestamp, block.timestamp);
    }
}
