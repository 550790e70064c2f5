// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cheatcodes} from "../../forge/Cheatcodes.sol";
import {MasterDataV1} from "../../src/MasterDataV1.sol";
import {RecordRelay} from "../../src/RecordRelay.sol";
import {StorageLayer} from "../../src/StorageLayer.sol";
import {MasterDataV2} from "../upgrade/MasterDataV2.sol";
import {Model} from "./Model.sol";

/// @notice Does to the contracts what anybody could do, rightly or not. The model says beforehand whether each call must
/// be accepted; a contract that decides otherwise makes the handler revert, and with it the run.
contract Handler is Cheatcodes, Model {
    StorageLayer public immutable STORE;
    RecordRelay public immutable RELAY;

    address[] private _people;

    error ModelDisagrees(bytes call, bool accepted, bytes answer);

    constructor(StorageLayer store, address authority_, address controller, address witness) {
        STORE = store;
        RELAY = RecordRelay(store.relay());
        authority = authority_;
        isController[controller] = true;
        isWitness[witness] = true;
        history.push(RELAY.latest());
        _people = [authority_, controller, witness, address(0xA11CE), address(0xB0B)];
    }

    function addRecordProof(uint256 who, uint256 where, uint256 what, uint256 age, bytes32 proof) external {
        uint64 timestamp = uint64(block.timestamp - _within(age, 0, 100));
        _add(_controller(who), _masterData(where), _uid(what), timestamp, proof);
    }

    function addNewRecord(uint256 who, bytes32 proof) external {
        _add(_controller(who), RELAY.latest(), lastUid + 1, uint64(block.timestamp), proof);
    }

    function addFurtherVersion(uint256 who, uint256 what, bytes32 proof) external {
        vm.warp(block.timestamp + 1);
        _add(_controller(who), RELAY.latest(), _uid(what), uint64(block.timestamp), proof);
    }

    function addRecordProofBatch(uint256 who, uint256 where, uint256 what, uint256 many, bytes32 root) external {
        (address actor, address target) = (_controller(who), _masterData(where));
        uint64 firstUid = what % 4 == 0 ? _uid(what) : lastUid + 1;
        uint64 count = uint64(_within(many, 0, 20));
        bool fits = firstUid == lastUid + 1 && count != 0 && root != 0;
        bool expected = _mayWrite(target) && _batches(target) && isController[actor] && fits;
        bytes memory call =
            abi.encodeCall(MasterDataV2.addRecordProofBatch, (firstUid, count, uint64(block.timestamp), root));
        _call(actor, target, call, expected);
        if (expected) _batchAnchored(firstUid, count, root);
    }

    function retireRecord(uint256 who, uint256 where, uint256 what, uint8 why, bytes32 evidence) external {
        (address actor, address target) = (_controller(who), _masterData(where));
        uint64 uid = _uid(what);
        uint8 reason = uint8(_within(why, 0, 3));
        bool fits = uid >= 1 && uid <= lastUid && retired[uid] == 0 && evidence != 0 && reason >= 1 && reason <= 2;
        bool expected = _mayWrite(target) && isController[actor] && fits;
        _call(actor, target, abi.encodeCall(MasterDataV1.retireRecord, (uid, reason, evidence)), expected);
        if (expected) _retired(uid, reason, evidence);
    }

    function voidRecordProof(uint256 who, uint256 where, uint256 what, uint256 which) external {
        (address actor, address target) = (_authority(who), _masterData(where));
        uint64 uid = _uid(what);
        uint64 version = uint64(_within(which, 0, newestVersion[uid] + 1));
        bool expected = _mayWrite(target) && _mayVoid(actor, uid, version);
        _call(actor, target, abi.encodeCall(MasterDataV1.voidRecordProof, (uid, version)), expected);
        if (expected) _voided(uid, version);
    }

    function addRegisterHead(uint256 who, uint256 where, bytes32 head) external {
        (address actor, address target) = (_witness(who), _masterData(where));
        bool expected = _mayWrite(target) && isWitness[actor] && head != 0;
        _call(actor, target, abi.encodeCall(MasterDataV1.addRegisterHead, (head)), expected);
        if (expected) _headAdded(head);
    }

    /// @dev Pauses last for one action out of a few, or nothing else would ever be tried.
    function setPaused(uint256 who, uint256 pausing) external {
        address actor = _authority(who);
        bool pause = !paused && pausing % 4 == 0;
        bool expected = actor == authority && pause != paused;
        bytes memory call = pause ? abi.encodeCall(STORE.pause, ()) : abi.encodeCall(STORE.unpause, ());
        _call(actor, address(STORE), call, expected);
        if (expected) paused = pause;
    }

    function setRole(uint256 who, uint256 whom, bool controller, uint256 grants) external {
        (address actor, address account) = (_authority(who), _person(whom));
        bytes32 role = controller ? STORE.CONTROLLER_ROLE() : STORE.WITNESS_ROLE();
        bool grant = grants % 3 != 0;
        bytes memory call = grant
            ? abi.encodeCall(STORE.grantRole, (role, account))
            : abi.encodeCall(STORE.revokeRole, (role, account));
        bool expected = actor == authority;
        _call(actor, address(STORE), call, expected);
        if (!expected) return;
        if (controller) isController[account] = grant;
        else isWitness[account] = grant;
    }

    function openKind(uint256 who, uint8 kind, bool controller) external {
        address actor = _authority(who);
        bytes32 role = controller ? STORE.CONTROLLER_ROLE() : STORE.WITNESS_ROLE();
        bool expected = actor == authority && (kind == 0 || kind > 4) && roleOf[kind] == 0;
        _call(actor, address(STORE), abi.encodeCall(STORE.openKind, (kind, role)), expected);
        if (expected) roleOf[kind] = role;
    }

    function handOver(uint256 who, uint256 whom, uint256 accepts) external {
        (address actor, address account, address acceptor) = (_authority(who), _person(whom), _person(accepts));
        bool expected = actor == authority;
        _call(actor, address(STORE), abi.encodeCall(STORE.transferOwnership, (account)), expected);
        bool accepted = STORE.pendingOwner() == acceptor;
        _call(acceptor, address(STORE), abi.encodeCall(STORE.acceptOwnership, ()), accepted);
        if (accepted) authority = acceptor;
    }

    function register(uint256 who, uint256 what) external {
        address actor = _authority(who);
        bool fresh = what % 4 != 0;
        address candidate = fresh ? _newMasterData(what % 4 != 1) : _masterData(what);
        bool expected = actor == authority && fresh;
        _call(actor, address(RELAY), abi.encodeCall(RELAY.register, (candidate)), expected);
        if (expected) history.push(candidate);
    }

    /// @dev Past master-data: the storage layer and the relay are asked directly.
    function writeDirectly(uint256 who, uint256 what, bytes32 word) external {
        address actor = _person(who);
        uint64 uid = _uid(what);
        bytes memory call = abi.encodeCall(STORE.appendRecordProof, (actor, uid, uint64(block.timestamp), word));
        _call(actor, address(STORE), call, false);
        _call(actor, address(STORE), abi.encodeCall(STORE.closeRecord, (actor, uid, 1, word)), false);
        _call(
            actor, address(STORE), abi.encodeCall(STORE.append, (actor, 3, uid, uint64(block.timestamp), word)), false
        );
        _call(actor, address(STORE), abi.encodeCall(STORE.setWriter, (actor)), false);
    }

    function pass(uint256 secs) external {
        vm.warp(block.timestamp + _within(secs, 1, 1 hours));
        vm.roll(block.number + 1);
    }

    function _add(address actor, address target, uint64 uid, uint64 timestamp, bytes32 proof) private {
        bool expected = _mayWrite(target) && _mayAnchor(actor, uid, timestamp, proof);
        _call(actor, target, abi.encodeCall(MasterDataV1.addRecordProof, (uid, timestamp, proof)), expected);
        if (expected) _anchored(uid, timestamp, proof);
    }

    function _call(address actor, address target, bytes memory call, bool expected) private {
        vm.prank(actor);
        (bool accepted, bytes memory answer) = target.call(call);
        if (accepted != expected) revert ModelDisagrees(call, accepted, answer);
    }

    function _newMasterData(bool withBatches) private returns (address) {
        return withBatches ? address(new MasterDataV2(STORE)) : address(new MasterDataV1(STORE));
    }

    function _batches(address target) private view returns (bool) {
        return target.codehash != RELAY.versionAt(1).codehash;
    }

    /// @dev Mostly somebody who may; at times anybody. So for the two below.
    function _controller(uint256 seed) private view returns (address actor) {
        actor = _person(seed);
        for (uint256 i = 1; seed % 4 != 0 && !isController[actor] && i < _people.length; i++) {
            actor = _person(seed % 1000 + i);
        }
    }

    function _witness(uint256 seed) private view returns (address actor) {
        actor = _person(seed);
        for (uint256 i = 1; seed % 4 != 0 && !isWitness[actor] && i < _people.length; i++) {
            actor = _person(seed % 1000 + i);
        }
    }

    function _authority(uint256 seed) private view returns (address) {
        return seed % 4 == 0 ? _person(seed / 4) : authority;
    }

    function _person(uint256 seed) private view returns (address) {
        return _people[seed % _people.length];
    }

    /// @dev Mostly the latest, at times a superseded one.
    function _masterData(uint256 seed) private view returns (address) {
        return seed % 8 == 0 ? history[(seed / 8) % history.length] : history[history.length - 1];
    }

    /// @dev Mostly a known one, at times one at or beyond either end.
    function _uid(uint256 seed) private view returns (uint64) {
        uint256 slack = seed % 8 == 0 ? 2 : 0;
        return uint64(_within(seed / 8, slack == 0 && lastUid > 0 ? 1 : 0, lastUid + slack));
    }
}
