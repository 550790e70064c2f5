// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What a master-data contract is to its readers and writers
/// @notice Master-data holds the rules for records and no state: all state lives in the storage layer, so that a later
/// master-data, registered at the relay, carries on where this one ended. Find the newest at `RecordRelay.latest()`.
/// @dev UIDs and versions are taken as uint256 and refused above uint64 (`SafeCastOverflowedUintDowncast`), never cut.
/// Times are unix seconds. Every write is checked again by the storage layer, whose errors pass through, and told by an
/// event of the storage layer: see `IStorageLayer`.
interface IMasterData {
    /// @notice What the chain knows of one version of one record.
    /// @param uid The record.
    /// @param version The version that `proof` belongs to: from 1, rising by one. 0 tells that the UID is taken and this
    /// master-data cannot read its proof (a later master-data anchored it in another form); ask the newest one.
    /// @param timestamp Unix seconds that went into the record proof. Kept for the newest version only, else 0: the
    /// event `RecordProofAdded` tells those of older ones.
    /// @param blockNumber Block that wrote the newest version; 0 for an older one, as above.
    /// @param proof The record proof.
    /// @param voided Whether the authority has voided this version: it must not be believed.
    /// @param voidCount How many versions of the record have been voided, this one or others.
    /// @param retired Whether the record has been retired. Final.
    /// @param retirementReason 0 while not retired, 1 erased, 2 withdrawn.
    /// @param retiredAtBlock Block that retired the record; 0 while not retired.
    /// @param retirementEvidence Hash over the signed request or order; 0 while not retired.
    struct RecordProof {
        uint64 uid;
        uint64 version;
        uint64 timestamp;
        uint64 blockNumber;
        bytes32 proof;
        bool voided;
        uint64 voidCount;
        bool retired;
        uint8 retirementReason;
        uint64 retiredAtBlock;
        bytes32 retirementEvidence;
    }

    /// @notice No record has this UID.
    error UidUnknown(uint256 uid, uint256 nextUid);

    /// @notice The record has no such version.
    error VersionUnknown(uint256 uid, uint256 version, uint64 newestVersion);

    /// @notice The timestamp is more than a day behind the block or more than 60 seconds ahead of it.
    error TimestampOutOfWindow(uint64 timestamp, uint256 blockTimestamp);

    /// @notice The timestamp is not later than that of the version before.
    error TimestampNotRising(uint256 uid, uint64 timestamp, uint64 previousTimestamp);

    /// @notice The reason is neither 1 (erased) nor 2 (withdrawn).
    error RetirementReasonUnknown(uint8 reason);

    /// @notice The version has been voided before.
    error AlreadyVoided(uint256 uid, uint256 version);

    /// @notice Anchors a record proof: version 1 when `uid` is `nextUid()`, a further version when the UID is known.
    /// @dev Only a controller; only through the relay's latest master-data; not while paused.
    /// @param timestamp Unix seconds within [block - 1 day, block + 60 s], later than the version before. Part of the proof.
    /// @param recordProof SHA-256 as docs/RECORD_PROOF.md has it; never zero.
    function addRecordProof(uint256 uid, uint64 timestamp, bytes32 recordProof) external;

    /// @notice Retires a record for good: no further version can follow.
    /// @dev Only a controller.
    /// @param reason 1 erased, 2 withdrawn.
    /// @param evidence Hash over the owner's signed request or the authority's signed order; never zero.
    function retireRecord(uint256 uid, uint8 reason, bytes32 evidence) external;

    /// @notice Declares one version void, so that a stolen controller key can be undone. The word stays readable.
    /// @dev Only the authority.
    function voidRecordProof(uint256 uid, uint256 version) external;

    /// @notice Anchors the head of a register.
    /// @dev Only a witness.
    function addRegisterHead(bytes32 head) external;

    /// @notice The UID that the next new record must take; all below, from 1, are taken.
    function nextUid() external view returns (uint256);

    /// @notice The newest version of a record, voided or not. Reverts with `UidUnknown`.
    function getRecordProof(uint256 uid) external view returns (RecordProof memory);

    /// @notice One version of a record. Reverts with `UidUnknown` or `VersionUnknown`.
    function getRecordProofAt(uint256 uid, uint256 version) external view returns (RecordProof memory);

    /// @notice The newest versions of up to `count` records from `firstUid` on, in the order of their UIDs; fewer where
    /// the UIDs end. What a sweep asks for.
    function getRecordProofs(uint256 firstUid, uint256 count) external view returns (RecordProof[] memory);

    /// @notice The storage layer that holds everything this contract writes.
    function storageLayer() external view returns (address);
}
