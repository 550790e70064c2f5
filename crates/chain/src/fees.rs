//! What a transaction pays (EIP-1559), and what it may pay at most.

/// Fees in wei for one unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// The most that is paid in all.
    pub max_fee_per_gas: u128,
    /// The most that of it goes to who makes the block.
    pub max_priority_fee_per_gas: u128,
}

/// Fees that can not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    /// The chain asks for more than the configured cap.
    #[error("the chain asks for more than the highest fee allowed")]
    AboveCap,
}

impl Fees {
    /// Fees that stand a doubling of the base fee, as far as the cap goes.
    pub fn suggested(base_fee: u128, priority_fee: u128, cap: u128) -> Result<Self, FeeError> {
        let needed = base_fee.saturating_add(priority_fee);
        if needed > cap {
            return Err(FeeError::AboveCap);
        }
        Ok(Self {
            max_fee_per_gas: base_fee
                .saturating_mul(2)
                .saturating_add(priority_fee)
                .min(cap),
            max_priority_fee_per_gas: priority_fee,
        })
    }

    /// Fees at which nodes take a replacement of a transaction that pays `self`: an eighth more of each (most ask for a tenth), and no less than `now`.
    pub fn replacement(self, now: Self, cap: u128) -> Result<Self, FeeError> {
        let raised = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let fees = Self {
            max_fee_per_gas: raised(self.max_fee_per_gas).max(now.max_fee_per_gas),
            max_priority_fee_per_gas: raised(self.max_priority_fee_per_gas)
                .max(now.max_priority_fee_per_gas),
        };
        if fees.max_fee_per_gas > cap {
            Err(FeeError::AboveCap)
        } else {
            Ok(fees)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn fees(max: u128, priority: u128) -> Fees {
        Fees {
            max_fee_per_gas: max,
            max_priority_fee_per_gas: priority,
        }
    }

    #[test]
    fn suggested_fees_stand_a_doubling_and_stop_at_the_cap() {
        assert_eq!(Fees::suggested(100, 3, 1_000), Ok(fees(203, 3)));
        assert_eq!(Fees::suggested(100, 3, 150), Ok(fees(150, 3)));
        assert_eq!(Fees::suggested(100, 3, 103), Ok(fees(103, 3)));
        assert_eq!(Fees::suggested(100, 3, 102), Err(FeeError::AboveCap));
    }

    #[test]
    fn replacements_pay_more_than_a_tenth_more_of_each_fee() {
        let old = fees(200, 3);
        let new = old.replacement(fees(100, 1), 1_000);
        assert_eq!(new, Ok(fees(226, 4)));
        assert_eq!(old.replacement(fees(500, 9), 1_000), Ok(fees(500, 9)));
        assert_eq!(old.replacement(fees(100, 1), 225), Err(FeeError::AboveCap));
    }
}
