// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Append-only streams of 32-byte words, for good
/// @notice `kind → key → index → word`, with a tip per stream. Nothing in it can be changed or removed, by anybody.
///
/// | kind | stream | key | index | word |
/// | --- | --- | --- | --- | --- |
/// | 1 | record | UID | version | record proof |
/// | 2 | batch | 0 | first UID | root over the proofs of version 1 |
/// | 3 | register heads | 0 | 1, 2, 3, … | head |
/// | 4 | voids | UID | 1, 2, 3, … | number of the version voided |
///
/// @dev Index 0 of a stream is kept for its closing word. A batched UID's own stream starts at index 2.
interface IStorageLayer {
    /// @notice The end of a stream, in one storage slot.
    /// @param lastIndex Index of the newest word; 0 while there is none.
    /// @param timestamp Unix seconds that came with the newest word.
    /// @param blockNumber Block that wrote the newest word.
    /// @param closure 0 while open, else the reason of closing; a closed stream takes no more words.
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

    /// @notice A word was added to a stream by `actor`.
    event WordAppended(
        uint64 indexed key, uint64 indexed index, bytes32 indexed word, uint8 kind, uint64 timestamp, address actor
    );

    /// @notice A batch took the UIDs from `firstUid` to `firstUid + count - 1`.
    event UidsTaken(uint64 indexed firstUid, uint64 count);

    /// @notice A stream was closed for good by `actor`.
    event StreamClosed(
        uint64 indexed key, uint64 indexed lastIndex, bytes32 indexed word, uint8 kind, uint8 closure, address actor
    );

    /// @notice The relay registered a newer master-data, which alone writes from now on.
    event WriterChanged(address indexed previousWriter, address indexed newWriter);

    /// @notice Only the relay names the writer.
    error RelayOnly(address caller);

    /// @notice Only the relay's latest master-data writes; a superseded one does not.
    error WriterOnly(address caller, address writer);

    /// @notice No stream has this kind, or not for this way of writing (a batch has its own).
    error StreamKindUnknown(uint8 kind);

    /// @notice The UID is neither taken nor the next one.
    error UidOutOfOrder(uint64 uid, uint256 nextUid);

    /// @notice A word is never zero: zero means that nothing was written.
    error WordZero(uint8 kind, uint64 key);

    /// @notice The stream was closed and stays closed.
    error StreamIsClosed(uint8 kind, uint64 key, uint8 closure);

    /// @notice Closing needs a reason other than 0.
    error ClosureZero(uint8 kind, uint64 key);

    /// @notice A batch takes at least one UID.
    error BatchEmpty(uint64 firstUid);

    /// @notice Adds a word at the next index of a stream of kind 1, 3 or 4. A record stream takes its UID with it.
    /// @dev Only the writer; not while paused; `actor` must hold the role of the kind: controller for 1 and 2, witness
    /// for 3, authority for 4.
    /// @param actor The key that called master-data.
    /// @return index Where the word went.
    function append(address actor, uint8 kind, uint64 key, uint64 timestamp, bytes32 word)
        external
        returns (uint64 index);

    /// @notice Adds the root of a batch and takes its UIDs. Rules as for `append`.
    function appendBatch(address actor, uint64 firstUid, uint64 count, uint64 timestamp, bytes32 root) external;

    /// @notice Closes a stream for good, with a word that says why. Rules as for `append`.
    function close(address actor, uint8 kind, uint64 key, uint8 closure, bytes32 word) external;

    /// @notice Names the master-data that alone writes. Only the relay.
    function setWriter(address newWriter) external;

    /// @notice The relay, made by this contract and fixed for ever. Its address is the deployment's identity.
    function relay() external view returns (address);

    /// @notice The master-data that alone writes; zero before the first is registered.
    function writer() external view returns (address);

    /// @notice The highest UID taken; all from 1 to it are taken.
    function lastUid() external view returns (uint64);

    /// @notice The end of a stream; all zero for one that was never written.
    function tip(uint8 kind, uint64 key) external view returns (Tip memory);

    /// @notice One word; zero where nothing was written. Index 0 gives the closing word.
    function word(uint8 kind, uint64 key, uint64 index) external view returns (bytes32);

    /// @notice Up to `count` words of one stream from `firstIndex` on; fewer where the stream ends.
    function words(uint8 kind, uint64 key, uint64 firstIndex, uint256 count) external view returns (bytes32[] memory);

    /// @notice The states of `count` streams, from `firstKey` on; all zero for those never written.
    function streams(uint8 kind, uint64 firstKey, uint256 count) external view returns (Stream[] memory);
}
