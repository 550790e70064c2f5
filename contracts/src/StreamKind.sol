// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The kinds of streams in the storage layer
/// @notice What key, index and word are in each: see `IStorageLayer`.
library StreamKind {
    uint8 internal constant RECORD = 1;
    uint8 internal constant BATCH = 2;
    uint8 internal constant REGISTER_HEAD = 3;
    uint8 internal constant VOID = 4;
}
