//! Bindings, generated from the interfaces in `contracts/src/interfaces`: a changed contract fails the build, not a call.
use alloy::sol;

sol!("../../contracts/src/interfaces/IMasterData.sol");
sol!("../../contracts/src/interfaces/IRecordRelay.sol");
sol!("../../contracts/src/interfaces/IStorageLayer.sol");

sol! {
    /// What a contract wallet answers (ERC-1271).
    interface IERC1271 {
        function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4);
    }

    /// Roles and pause of the storage layer.
    interface ISecurityLayer {
        function hasRole(bytes32 role, address account) external view returns (bool);
        function paused() external view returns (bool);
        function owner() external view returns (address);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
    }
}
