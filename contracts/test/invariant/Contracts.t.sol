// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../src/StreamKind.sol";
import {IMasterData} from "../../src/interfaces/IMasterData.sol";
import {IStorageLayer} from "../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../Deployed.sol";
import {Handler} from "./Handler.sol";
import {Model} from "./Model.sol";

/// @notice What holds whatever anybody does, over all contracts together. That only role holders write, that paused means
/// no write and that a superseded master-data cannot write is checked by the handler at every call (`fail_on_revert`).
contract ContractsInvariantTest is Deployed {
    Handler private handler;

    function setUp() public override {
        super.setUp();
        handler = new Handler(store, AUTHORITY, CONTROLLER, WITNESS);
    }

    /// @dev Asked by forge.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_aStoredWordNeverChanges() public view {
        Model.StoredWord[] memory all = handler.stored();
        for (uint256 i = 0; i < all.length; i++) {
            vm.assertEq(store.word(all[i].kind, all[i].key, all[i].index), all[i].word, "stored word");
        }
    }

    function invariant_nothingIsStoredThatNobodyWrote() public view {
        uint256 words;
        for (uint64 uid = 0; uid <= handler.lastUid() + 1; uid++) {
            words += _count(StreamKind.RECORD, uid) + _count(StreamKind.VOID, uid);
        }
        words += _count(StreamKind.BATCH, 0) + _count(StreamKind.REGISTER_HEAD, 0);
        vm.assertEq(words, handler.stored().length, "number of words");
    }

    function invariant_uidsHaveNoGap() public view {
        vm.assertEq(store.lastUid(), handler.lastUid(), "last UID");
        vm.assertEq(masterData.nextUid(), uint256(handler.lastUid()) + 1, "next UID");
        for (uint64 uid = 1; uid <= handler.lastUid(); uid++) {
            bool single = store.word(StreamKind.RECORD, uid, 1) != 0;
            vm.assertTrue(single != handler.batched(uid));
        }
    }

    function invariant_tipsAreTheEnds() public view {
        for (uint64 uid = 1; uid <= handler.lastUid(); uid++) {
            IStorageLayer.Tip memory tip = store.tip(StreamKind.RECORD, uid);
            vm.assertEq(tip.lastIndex, handler.newestVersion(uid), "newest version");
            vm.assertEq(tip.timestamp, handler.newestTimestamp(uid), "newest timestamp");
            vm.assertEq(tip.closure, handler.retired(uid), "retired");
            vm.assertEq(store.tip(StreamKind.VOID, uid).lastIndex, handler.voidCount(uid), "voids");
        }
        vm.assertEq(store.tip(StreamKind.BATCH, 0).lastIndex, handler.lastBatch(), "last batch");
        vm.assertEq(store.tip(StreamKind.REGISTER_HEAD, 0).lastIndex, handler.heads(), "heads");
    }

    function invariant_rolesAndPauseAreWhatTheAuthorityMadeThem() public view {
        vm.assertEq(store.owner(), handler.authority());
        vm.assertEq(store.paused(), handler.paused());
        address[6] memory people = [AUTHORITY, CONTROLLER, WITNESS, address(0xA11CE), address(0xB0B), STRANGER];
        for (uint256 i = 0; i < people.length; i++) {
            vm.assertEq(store.hasRole(ADMIN_ROLE, people[i]), people[i] == handler.authority(), "admin");
            vm.assertEq(store.hasRole(CONTROLLER_ROLE, people[i]), handler.isController(people[i]), "controller");
            vm.assertEq(store.hasRole(WITNESS_ROLE, people[i]), handler.isWitness(people[i]), "witness");
        }
    }

    function invariant_theRoleOfAKindIsSettledOnce() public view {
        vm.assertEq(store.roleOf(StreamKind.REGISTER_HEAD), WITNESS_ROLE);
        for (uint8 kind = StreamKind.VOID + 1; kind < type(uint8).max; kind++) {
            vm.assertEq(store.roleOf(kind), handler.roleOf(kind), "role of a kind");
        }
    }

    function invariant_relayHistoryOnlyGrows() public view {
        uint256 count = handler.historyLength();
        vm.assertEq(relay.versionCount(), count, "version count");
        for (uint256 version = 1; version <= count; version++) {
            vm.assertEq(relay.versionAt(version), handler.history(version - 1));
            vm.assertEq(relay.versionOf(handler.history(version - 1)), version);
        }
        vm.assertEq(relay.latest(), handler.history(count - 1));
        vm.assertEq(store.writer(), relay.latest());
    }

    function invariant_everyMasterDataReadsTheSame() public view {
        bytes32 expected = _readThrough(relay.latest());
        for (uint256 i = 0; i < handler.historyLength(); i++) {
            vm.assertEq(_readThrough(handler.history(i)), expected, "answers of all master-data");
        }
    }

    function invariant_readersTellWhatTheModelKnows() public view {
        IMasterData.RecordProof[] memory page = masterData.getRecordProofs(1, type(uint256).max);
        vm.assertEq(page.length, handler.lastUid(), "records");
        for (uint64 uid = 1; uid <= page.length; uid++) {
            IMasterData.RecordProof memory record = page[uid - 1];
            vm.assertEq(record.uid, uid, "uid");
            vm.assertEq(record.version, handler.newestVersion(uid), "version");
            vm.assertEq(record.voided, handler.voided(uid, record.version), "voided");
            vm.assertEq(record.voidCount, handler.voidCount(uid), "void count");
            vm.assertEq(record.retired, handler.retired(uid) != 0, "retired");
        }
    }

    /// @dev The answer as it came: with many records behind many master-data, to take it apart is most of the work.
    function _readThrough(address target) private view returns (bytes32) {
        bytes memory call = abi.encodeCall(IMasterData.getRecordProofs, (1, type(uint256).max));
        (bool answered, bytes memory answer) = target.staticcall(call);
        vm.assertTrue(answered);
        return keccak256(answer);
    }

    /// @dev Counts with index 0, the closing word.
    function _count(uint8 kind, uint64 key) private view returns (uint256 count) {
        bytes32[] memory all = store.words(kind, key, 0, type(uint256).max);
        for (uint256 i = 0; i < all.length; i++) {
            if (all[i] != 0) count++;
        }
    }
}
