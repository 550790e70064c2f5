// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice Calls everything its owner's.
contract AcceptsAll is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }
}

/// @notice Refuses by an error.
contract Reverts is IERC1271 {
    error Refused();

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        revert Refused();
    }
}

/// @notice Never comes to an answer, and spends whatever it is given.
contract BurnsGas is IERC1271 {
    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        while (hash != 0 || gasleft() > 0) {
            hash = keccak256(abi.encode(hash));
        }
        return IERC1271.isValidSignature.selector;
    }
}

/// @notice Answers with as much as its gas pays for, and the first word of it is no yes.
contract AnswersAtLength {
    fallback(bytes calldata) external returns (bytes memory) {
        return new bytes(500_000);
    }
}

/// @notice Says yes with too few bytes to be an answer.
contract AnswersTooShort {
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encodePacked(IERC1271.isValidSignature.selector);
    }
}
