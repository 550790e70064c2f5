// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StorageLayer} from "../src/StorageLayer.sol";
import {DeploymentFile} from "./DeploymentFile.sol";

/// @title Appoints a controller and a witness, and funds them
/// @notice The sender is the authority. Run again it does only what is missing: a role that is held is not granted
/// again, a balance is filled up to the wanted amount. Environment: DEPLOYMENT_FILE; CONTROLLER and WITNESS (addresses,
/// each may be left out); CONTROLLER_FUNDS and WITNESS_FUNDS (wei that the account shall hold, 0 when left out).
contract Appoint is DeploymentFile {
    /// @notice There is no deployment file: deploy first.
    error NotDeployed(string file);

    /// @notice The account did not take the funds.
    error FundsRefused(address account, uint256 amount);

    function run() external {
        string memory file = vm.envString("DEPLOYMENT_FILE");
        StorageLayer store = _fromFile(file);
        if (address(store) == address(0)) revert NotDeployed(file);
        address controller = vm.envOr("CONTROLLER", address(0));
        address witness = vm.envOr("WITNESS", address(0));
        appoint(store, msg.sender, store.CONTROLLER_ROLE(), controller, vm.envOr("CONTROLLER_FUNDS", uint256(0)));
        appoint(store, msg.sender, store.WITNESS_ROLE(), witness, vm.envOr("WITNESS_FUNDS", uint256(0)));
    }

    /// @notice Grants `role` to `account` and fills its balance up to `funds`, where either is missing.
    function appoint(StorageLayer store, address sender, bytes32 role, address account, uint256 funds) public {
        if (account == address(0)) return;
        vm.startBroadcast(sender);
        if (!store.hasRole(role, account)) store.grantRole(role, account);
        if (account.balance < funds) _send(account, funds - account.balance);
        vm.stopBroadcast();
    }

    function _send(address account, uint256 amount) private {
        (bool taken,) = account.call{value: amount}("");
        if (!taken) revert FundsRefused(account, amount);
    }
}
