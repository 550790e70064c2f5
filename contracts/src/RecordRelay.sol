// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5313} from "@openzeppelin/contracts/interfaces/IERC5313.sol";

import {IMasterData} from "./interfaces/IMasterData.sol";
import {IRecordRelay} from "./interfaces/IRecordRelay.sol";
import {IStorageLayer} from "./interfaces/IStorageLayer.sol";

/// @title The registry of master-data versions
/// @notice Made by the storage layer in its constructor, and with it for ever. Its address names the deployment: record
/// proofs and consent messages carry it.
contract RecordRelay is IRecordRelay {
    /// @inheritdoc IRecordRelay
    address public immutable storageLayer;

    /// @inheritdoc IRecordRelay
    mapping(address masterData => uint256) public versionOf;

    address[] private _history;

    /// @param storageLayer_ The contract that makes this one.
    constructor(address storageLayer_) {
        storageLayer = storageLayer_;
    }

    /// @inheritdoc IRecordRelay
    function register(address candidate) external returns (uint256 version) {
        address authority = IERC5313(storageLayer).owner();
        if (msg.sender != authority) revert AuthorityOnly(msg.sender, authority);
        if (versionOf[candidate] != 0) revert CandidateRegistered(candidate, versionOf[candidate]);
        if (candidate.code.length == 0) revert CandidateWithoutCode(candidate);
        if (!_usesOurStorage(candidate)) revert CandidateOfOtherStorage(candidate, storageLayer);

        _history.push(candidate);
        version = _history.length;
        versionOf[candidate] = version;
        emit MasterDataRegistered(version, candidate, candidate.codehash);
        IStorageLayer(storageLayer).setWriter(candidate);
    }

    /// @inheritdoc IRecordRelay
    function latest() external view returns (address) {
        if (_history.length == 0) revert NothingRegistered();
        return _history[_history.length - 1];
    }

    /// @inheritdoc IRecordRelay
    function versionCount() external view returns (uint256) {
        return _history.length;
    }

    /// @inheritdoc IRecordRelay
    function versionAt(uint256 version) external view returns (address) {
        if (version == 0 || version > _history.length) revert VersionNotRegistered(version, _history.length);
        return _history[version - 1];
    }

    /// @dev Asked with a bare call: a candidate that is no master-data at all gets the same named error.
    function _usesOurStorage(address candidate) private view returns (bool) {
        (bool answered, bytes memory answer) = candidate.staticcall(abi.encodeCall(IMasterData.storageLayer, ()));
        return answered && answer.length == 32 && abi.decode(answer, (uint256)) == uint160(storageLayer);
    }
}
