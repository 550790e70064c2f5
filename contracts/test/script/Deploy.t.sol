// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deploy} from "../../script/Deploy.s.sol";
import {DeploymentFile} from "../../script/DeploymentFile.sol";
import {MasterDataV1} from "../../src/MasterDataV1.sol";
import {RecordRelay} from "../../src/RecordRelay.sol";
import {StorageLayer} from "../../src/StorageLayer.sol";
import {Deployed} from "../Deployed.sol";

/// @dev A test has no node to ask for a header; `tools/rehearse` runs the real script against a real chain.
contract DeployWithoutNode is Deploy {
    function _blockHash(uint256 blockNumber) internal pure override returns (bytes32) {
        return keccak256(abi.encode(blockNumber));
    }
}

contract DeployTest is Deployed {
    address private constant FACTORY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes private constant FACTORY_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

    Deploy private script;

    function setUp() public override {
        super.setUp();
        vm.etch(FACTORY, FACTORY_CODE);
        script = new DeployWithoutNode();
    }

    function test_deploysAndWiresEverything() public {
        StorageLayer made = script.deploy(_file("none"), AUTHORITY, 0);
        RecordRelay itsRelay = RecordRelay(made.relay());
        vm.assertEq(made.owner(), AUTHORITY);
        vm.assertEq(made.deploymentBlock(), BLOCK);
        vm.assertEq(itsRelay.versionCount(), 1);
        vm.assertEq(made.writer(), itsRelay.latest());
        vm.assertEq(MasterDataV1(itsRelay.latest()).storageLayer(), address(made));
    }

    function test_aSecondRunFindsTheFirst() public {
        StorageLayer first = script.deploy(_file("none"), AUTHORITY, 0);
        vm.roll(BLOCK + 5);
        StorageLayer second = script.deploy(_file("none"), AUTHORITY, 0);
        vm.assertEq(address(first), address(second));
        vm.assertEq(RecordRelay(first.relay()).versionCount(), 1);
    }

    function test_anotherSaltIsAnotherDeployment() public {
        string memory file = _file("salt");
        StorageLayer first = script.deploy(_file("none"), AUTHORITY, 0);
        StorageLayer second = script.deploy(file, AUTHORITY, 1);
        vm.assertTrue(address(first) != address(second));
        vm.assertTrue(first.relay() != second.relay());
        vm.assertTrue(first.writer() != second.writer());
        vm.assertEq(second.owner(), AUTHORITY);
        vm.assertEq(second.writer(), RecordRelay(second.relay()).latest());
        vm.assertEq(address(script.deploy(_file("none"), AUTHORITY, 1)), address(second));
        script.write(file, AUTHORITY, 1);
        vm.assertEq(vm.parseJsonAddress(vm.readFile(file), ".storage_layer"), address(second));
        // What the file names counts, whatever the salt.
        vm.assertEq(address(script.deploy(file, AUTHORITY, 0)), address(second));
        vm.removeFile(file);
    }

    function test_aHalfDoneDeploymentIsFinished() public {
        bytes memory code = abi.encodePacked(type(StorageLayer).creationCode, abi.encode(AUTHORITY));
        (bool created,) = FACTORY.call(abi.encodePacked(bytes32(0), code));
        vm.assertTrue(created);
        StorageLayer made = script.deploy(_file("none"), AUTHORITY, 0);
        vm.assertEq(RecordRelay(made.relay()).versionCount(), 1);
    }

    function test_theFileTellsWhatStands() public {
        string memory file = _file("told");
        StorageLayer made = script.deploy(file, AUTHORITY, 0);
        script.write(file, AUTHORITY, 0);
        string memory json = vm.readFile(file);
        vm.assertEq(vm.parseJsonUint(json, ".chain_id"), block.chainid);
        vm.assertEq(vm.parseJsonAddress(json, ".relay"), made.relay());
        vm.assertEq(vm.parseJsonAddress(json, ".storage_layer"), address(made));
        vm.assertEq(vm.parseJsonBytes32(json, ".storage_code_hash"), address(made).codehash);
        vm.assertEq(vm.parseJsonAddress(json, ".master_data"), made.writer());
        vm.assertEq(vm.parseJsonUint(json, ".deployment_block"), BLOCK);
        vm.assertEq(vm.parseJsonBytes32(json, ".deployment_block_hash"), keccak256(abi.encode(BLOCK)));
        vm.assertEq(vm.parseJsonAddress(json, ".authority"), AUTHORITY);
        vm.removeFile(file);
    }

    function test_withTheFileAnotherSenderFindsTheSame() public {
        string memory file = _file("another");
        StorageLayer made = script.deploy(file, AUTHORITY, 0);
        script.write(file, AUTHORITY, 0);
        vm.assertEq(address(script.deploy(file, STRANGER, 0)), address(made));
        vm.removeFile(file);
    }

    function test_aFileOfAnotherChainIsRefused() public {
        string memory file = _file("chain");
        script.deploy(file, AUTHORITY, 0);
        script.write(file, AUTHORITY, 0);
        uint256 chainId = block.chainid;
        vm.chainId(7);
        vm.expectRevert(abi.encodeWithSelector(DeploymentFile.FileOfOtherChain.selector, file, chainId, 7));
        script.deploy(file, AUTHORITY, 0);
        vm.removeFile(file);
    }

    function test_aFileThatContradictsTheChainIsRefused() public {
        string memory file = _file("contradicts");
        address made = address(script.deploy(file, AUTHORITY, 0));
        script.write(file, AUTHORITY, 0);
        vm.etch(made, hex"00");
        vm.expectRevert(abi.encodeWithSelector(DeploymentFile.FileContradictsChain.selector, file, made));
        script.deploy(file, AUTHORITY, 0);
        vm.removeFile(file);
    }

    function test_onlyTheAuthorityFinishes() public {
        StorageLayer fresh = new StorageLayer(AUTHORITY);
        string memory file = _file("finishes");
        string memory json = "fresh";
        vm.serializeUint(json, "chain_id", block.chainid);
        vm.serializeBytes32(json, "storage_code_hash", address(fresh).codehash);
        vm.writeJson(vm.serializeAddress(json, "storage_layer", address(fresh)), file);
        vm.expectRevert(abi.encodeWithSelector(Deploy.SenderIsNotTheAuthority.selector, STRANGER, AUTHORITY));
        script.deploy(file, STRANGER, 0);
        vm.expectRevert(abi.encodeWithSelector(Deploy.NotDeployed.selector, fresh));
        script.write(file, STRANGER, 0);
        vm.removeFile(file);
    }

    function test_aChainWithoutTheFactoryIsRefused() public {
        vm.etch(FACTORY, "");
        vm.expectRevert(abi.encodeWithSelector(Deploy.FactoryMissing.selector, FACTORY));
        script.deploy(_file("none"), AUTHORITY, 0);
    }

    function _file(string memory name) private pure returns (string memory) {
        return string.concat("cache/deployment-", name, ".json");
    }
}
