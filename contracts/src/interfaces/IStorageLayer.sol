// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Append-only streams of 32-byte words, for good
/// @notice `kind → key → index → word`, with a tip per stream. Nothing in it can be changed or removed, by anybody.
///
/// | kind | stream | key | index | word |
/// | --- | --- | --- | --- | --- |
/// | 1 | record | UID | version | record proof |
/// | 2 | batch | 0 | first UID | root over the proofs of version 1 |
/// | 3 | register heads | register | 1, 2, 3, … | head |
/// | 4 | voids | UID | 1, 2, 3, … | number of the version voided |
///
/// @dev Index 0 of a stream is kept for its closing word. A batched UID's own stream starts at index 2. The authority can
/// open further kinds, from 5 on, for a later master-data: the layout carries them as it is.
interface IStorageLayer {
    /// @notice The end of a stream, in one storage slot.
    /// @param lastIndex Index of the newest word; 0 while there is none.
    /// @param timestamp Unix seconds that came with the newest word.
    /// @param blockNumber Block that wrote the newest word.
    /// @param closure 0 while open, else the reason of closing; a closed stream takes no more words. Only records close.
    /// @param closedAtBlock Block that closed the stream; 0 while open.
    struct Tip {
        uint64 lastIndex;
        uint64 timestamp;
        uint64 blockNumber;
        uint8 closure;
        uint56 closedAtBlock;
    }

    /// @notice The state of a stream in one answer.
    struct Stream {
        uint64 key;
        Tip tip;
        bytes32 newestWord;
        bytes32 closingWord;
    }

    /// @notice A record proof was anchored: version 1 of a new record, or a further version of a known one.
    event RecordProofAdded(
        uint64 indexed uid, uint64 indexed version, bytes32 indexed recordProof, uint64 timestamp, address controller
    );

    /// @notice A batch took the UIDs from `firstUid` to `firstUid + count - 1`.
    event RecordProofBatchAdded(
        uint64 indexed firstUid, uint64 indexed count, bytes32 indexed root, uint64 timestamp, address controller
    );

    /// @notice A record was retired for good; `version` and `recordProof` are its newest.
    event RecordRetired(
        uint64 indexed uid,
        uint64 indexed version,
        bytes32 indexed recordProof,
        uint8 reason,
        bytes32 evidence,
        address controller
    );

    /// @notice The authority declared one version void. `recordProof` is zero for one that only a batch holds.
    event RecordProofVoided(
        uint64 indexed uid, uint64 indexed version, bytes32 indexed recordProof, uint64 timestamp, address authority
    );

    /// @notice A word was added to a stream of kind 3 (a head to a register) or of a kind opened later.
    event WordAppended(
        uint64 indexed key, uint64 indexed index, bytes32 indexed word, uint8 kind, uint64 timestamp, address actor
    );

    /// @notice The authority opened a kind of streams, whose words holders of `role` write.
    event KindOpened(uint8 indexed kind, bytes32 indexed role);

    /// @notice The relay registered a newer master-data, which alone writes from now on.
    event WriterChanged(address indexed previousWriter, address indexed newWriter);

    /// @notice Only the relay names the writer.
    error RelayOnly(address caller);

    /// @notice Only the relay's latest master-data writes; a superseded one does not.
    error WriterOnly(address caller, address writer);

    /// @notice The UID is neither taken nor the next one.
    error UidOutOfOrder(uint64 uid, uint256 nextUid);

    /// @notice A word is never zero: zero means that nothing was written.
    error WordZero(uint8 kind, uint64 key, uint64 index);

    /// @notice The record was retired: no word follows.
    error RecordIsRetired(uint64 uid, uint8 reason);

    /// @notice Retiring needs a reason other than 0.
    error ReasonZero(uint64 uid);

    /// @notice A batch takes at least one UID.
    error BatchEmpty(uint64 firstUid);

    /// @notice Words of this kind are not written by `append`: nobody opened it, or it has its own way.
    error KindNotOpen(uint8 kind);

    /// @notice The kind is one of the four of this contract or was opened before: who writes it is settled for good.
    error KindTaken(uint8 kind);

    /// @notice Adds a record proof: version 1 when `uid` is the next one, else the version after the newest.
    /// @dev This and the writes below: only the writer, not while paused, and `actor`, the key that called master-data,
    /// must hold the role: here a controller.
    /// @return version Where the proof went.
    /// @return previousTimestamp Timestamp of the version before, for master-data to compare; 0 when there is none.
    function appendRecordProof(address actor, uint64 uid, uint64 timestamp, bytes32 recordProof)
        external
        returns (uint64 version, uint64 previousTimestamp);

    /// @notice Adds the root of a batch, which takes the next `count` UIDs. A controller.
    function appendBatch(address actor, uint64 firstUid, uint64 count, uint64 timestamp, bytes32 root) external;

    /// @notice Adds a word at the next index of a stream of kind 3 or of a kind opened later. A holder of `roleOf(kind)`.
    /// @return index Where the word went.
    function append(address actor, uint8 kind, uint64 key, uint64 timestamp, bytes32 newWord)
        external
        returns (uint64 index);

    /// @notice Adds a version to the voids of a record, retired or not. The authority.
    function appendVoid(address actor, uint64 uid, uint64 version, uint64 timestamp) external;

    /// @notice Closes a record's stream for good, with the evidence as closing word. A controller.
    function closeRecord(address actor, uint64 uid, uint8 reason, bytes32 evidence) external;

    /// @notice Opens a kind of streams for `append`, for good. Only the authority.
    /// @param role The controller's or the witness's.
    function openKind(uint8 kind, bytes32 role) external;

    /// @notice Names the master-data that alone writes. Only the relay.
    function setWriter(address newWriter) external;

    /// @notice The relay, made by this contract and fixed for ever. Its address is the deployment's identity.
    function relay() external view returns (address);

    /// @notice The block that created this contract: its logs begin there.
    function deploymentBlock() external view returns (uint256);

    /// @notice The master-data that alone writes; zero before the first is registered.
    function writer() external view returns (address);

    /// @notice The highest UID taken; all from 1 to it are taken.
    function lastUid() external view returns (uint64);

    /// @notice The role that writes words of a kind by `append`; zero where nobody does.
    function roleOf(uint8 kind) external view returns (bytes32);

    /// @notice The end of a stream; all zero for one that was never written.
    function tip(uint8 kind, uint64 key) external view returns (Tip memory);

    /// @notice One word; zero where nothing was written. Index 0 gives the closing word.
    function word(uint8 kind, uint64 key, uint64 index) external view returns (bytes32);

    /// @notice Up to `count` words of one stream from `firstIndex` on; fewer where the stream ends.
    function words(uint8 kind, uint64 key, uint64 firstIndex, uint256 count) external view returns (bytes32[] memory);

    /// @notice The states of `count` streams, from `firstKey` on; all zero for those never written.
    function streams(uint8 kind, uint64 firstKey, uint256 count) external view returns (Stream[] memory);
}
