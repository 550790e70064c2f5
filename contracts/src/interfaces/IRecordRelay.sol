// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The registry of master-data versions
/// @notice Everybody starts here: `latest()` is the master-data to write to and to read from. The history only grows.
interface IRecordRelay {
    /// @notice The authority registered a master-data, which supersedes the one before.
    event MasterDataRegistered(uint256 indexed version, address indexed masterData, bytes32 codeHash);

    /// @notice Only the authority, the owner of the storage layer, registers.
    error AuthorityOnly(address caller, address authority);

    /// @notice The candidate's address has no code.
    error CandidateWithoutCode(address candidate);

    /// @notice The candidate does not say that it uses our storage layer.
    error CandidateOfOtherStorage(address candidate, address storageLayer);

    /// @notice The candidate is in the history: what was superseded stays superseded.
    error CandidateRegistered(address candidate, uint256 version);

    /// @notice No master-data has been registered yet.
    error NothingRegistered();

    /// @notice The history has no such version.
    error VersionNotRegistered(uint256 version, uint256 versionCount);

    /// @notice Registers a master-data and makes it the storage layer's only writer. Only the authority.
    /// @return version Its number: from 1, rising by one.
    function register(address candidate) external returns (uint256 version);

    /// @notice The master-data that may write. Reverts with `NothingRegistered` before the first.
    function latest() external view returns (address);

    /// @notice How many master-data versions have been registered.
    function versionCount() external view returns (uint256);

    /// @notice The master-data registered as `version`, from 1 on. Reverts with `VersionNotRegistered`.
    function versionAt(uint256 version) external view returns (address);

    /// @notice The number under which `masterData` was registered; 0 when it never was.
    function versionOf(address masterData) external view returns (uint256);

    /// @notice The storage layer that every registered master-data uses.
    function storageLayer() external view returns (address);
}
