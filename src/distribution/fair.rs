//! Whose turn it is: exact shares by weight, where nobody is favoured.
//!
//! Each lead adds to the credit of everybody who is there the part of it that their weight says, and takes what it added from whoever gets
//! it. So credits add up to nothing, and a person's credit is how far they are from what they should have had. The choice is that of
//! Tijdeman's *chairman assignment* (Discrete Math. 32, 1980): of those who have something coming, whoever would first come to be owed too
//! much. While the same people are there with the same weights, nobody is ever a whole lead off their share, after any number of leads;
//! always taking who is owed most does not keep that (weights 10, 1, 1, 1).
//!
//! Who is away neither gains nor loses. Where people come and go nobody can promise less than a lead, since who comes next is not known;
//! what was owed is kept, so that it does not add up. See docs/decisions/0014-distribution.md.

use std::cmp::Reverse;

use aws_lc_rs::digest;
use uuid::Uuid;

use crate::types::ids::UserId;

/// Of credit: one lead.
pub const LEAD: i64 = 1_000_000_000_000;
/// Parts are rounded; less than this is nothing.
const NOTHING: i64 = LEAD / 1_000_000;

/// Somebody who takes their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub user: UserId,
    pub weight: i32,
    /// What they have coming, in [`LEAD`]s.
    pub credit: i64,
    /// The pool's lead that they were given last, counted from 1; 0: none.
    pub turn: i64,
}

/// Whose turn it is among those who are there; their shares are as they stand afterwards. `None` where nobody is there. `lead` decides
/// only between people of whom nothing else tells one from the other.
pub fn next(there: &mut [Share], lead: Uuid, turn: i64) -> Option<usize> {
    let all: i64 = there.iter().map(|share| i64::from(share.weight)).sum();
    let part = |share: &Share| LEAD / all * i64::from(share.weight);
    let mut given = 0;
    for share in there.iter_mut() {
        share.credit += part(share);
        given += part(share);
    }
    let count = i64::try_from(there.len()).unwrap_or(i64::MAX);
    // By so much nobody need ever be further than a lead: 1 − 1/(2n − 2).
    let slack = if count > 1 { LEAD / (2 * count - 2) } else { 0 };
    let has_something_coming = |share: &Share| share.credit >= slack - NOTHING;
    // In how many leads from now, at the latest, it must have been theirs.
    let deadline = |share: &Share| {
        let room = LEAD - slack - share.credit - NOTHING;
        if room <= 0 { 0 } else { (room + part(share) - 1) / part(share) }
    };
    let whole = |credit: i64| (credit + NOTHING / 2).div_euclid(NOTHING);
    let chosen = (0..there.len()).min_by_key(|index| {
        let share = &there[*index];
        let deadline = if has_something_coming(share) { deadline(share) } else { i64::MAX };
        // Of those who are owed the same, who has waited longest; of those who never had one, as the lead falls.
        (deadline, Reverse(whole(share.credit)), share.turn, lot(lead, share.user))
    })?;
    there[chosen].credit -= given;
    there[chosen].turn = turn;
    Some(chosen)
}

/// Draws between people whom nothing tells apart: another order with each lead, the same for everybody who looks.
fn lot(lead: Uuid, user: UserId) -> [u8; 8] {
    let both = [lead.as_bytes().as_slice(), user.0.as_bytes()].concat();
    let drawn = digest::digest(&digest::SHA256, &both);
    drawn.as_ref()[..8].try_into().expect("a digest is longer")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn team(weights: &[i32]) -> Vec<Share> {
        let user = |index: usize| UserId(Uuid::from_u128(0xa11ce + index as u128));
        let share = |(index, weight): (usize, &i32)| Share { user: user(index), weight: *weight, credit: 0, turn: 0 };
        weights.iter().enumerate().map(share).collect()
    }

    fn lead(number: i64) -> Uuid {
        Uuid::from_u128(0x1ead_0000_0000_0000_0000 + u128::from(number.unsigned_abs()) * 0x9e37_79b9)
    }

    /// Gives so many leads, and tells how many each was given.
    fn given(there: &mut [Share], leads: i64) -> Vec<i64> {
        let mut counts = vec![0; there.len()];
        for number in 1..=leads {
            counts[next(there, lead(number), number).expect("somebody is there")] += 1;
        }
        counts
    }

    #[test]
    fn the_nights_leads_are_spread_as_the_weights_say() {
        assert_eq!(given(&mut team(&[1, 1, 2]), 20), [5, 5, 10]);
        assert_eq!(given(&mut team(&[1]), 7), [7]);
        assert_eq!(next(&mut [], lead(1), 1), None);
    }

    #[test]
    fn nobody_is_favoured_where_nothing_tells_them_apart() {
        // The first lead of a pool that is new, three thousand times.
        let mut firsts = HashMap::new();
        for number in 1..=3000 {
            let mut there = team(&[1, 1, 1]);
            *firsts.entry(next(&mut there, lead(number), 1)).or_insert(0) += 1;
        }
        assert!(firsts.len() == 3 && firsts.values().all(|count| (900..1100).contains(count)), "{firsts:?}");
    }

    #[test]
    fn whoever_comes_back_is_not_made_to_catch_up() {
        let mut all = team(&[1, 1]);
        for number in 1..=100 {
            next(&mut all[..1], lead(number), number);
        }
        let counts = given(&mut all, 10);
        assert_eq!(counts, [5, 5]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

        /// Exactly: in whole numbers, at every moment.
        #[test]
        fn nobody_is_ever_a_lead_off_their_share(weights in prop::collection::vec(1i32..=10, 1..24), leads in 1i64..400) {
            let mut there = team(&weights);
            let all: i64 = weights.iter().map(|weight| i64::from(*weight)).sum();
            let mut counts = vec![0i64; weights.len()];
            for number in 1..=leads {
                counts[next(&mut there, lead(number), number).expect("somebody")] += 1;
                for (count, weight) in counts.iter().zip(&weights) {
                    let off = count * all - number * i64::from(*weight);
                    prop_assert!(off.abs() < all, "{counts:?} of {number} by {weights:?}");
                }
            }
        }

        /// Shifts begin and end, people pause and come back, weights are changed: what somebody is off stays about a lead, however long it goes on.
        #[test]
        fn what_is_owed_does_not_add_up(
            mut weights in prop::collection::vec(1i32..=10, 2..12),
            rounds in prop::collection::vec((any::<u16>(), 1i64..12, any::<prop::sample::Index>(), 1i32..=10), 1..120),
        ) {
            let mut shares = team(&weights);
            let mut ideal = vec![0f64; weights.len()];
            let mut counts = vec![0f64; weights.len()];
            let mut number = 0;
            for (who, leads, changed, weight) in rounds {
                let changed = changed.index(weights.len());
                weights[changed] = weight;
                shares[changed].weight = weight;
                let there: Vec<usize> = (0..weights.len()).filter(|index| who & (1 << index) != 0).collect();
                if there.is_empty() {
                    continue;
                }
                for _ in 0..leads {
                    number += 1;
                    let mut present: Vec<Share> = there.iter().map(|index| shares[*index]).collect();
                    let chosen = next(&mut present, lead(number), number).expect("somebody");
                    let all: i32 = there.iter().map(|index| weights[*index]).sum();
                    for (index, share) in there.iter().zip(present) {
                        ideal[*index] += f64::from(weights[*index]) / f64::from(all);
                        shares[*index] = share;
                    }
                    counts[there[chosen]] += 1.0;
                }
            }
            prop_assert_eq!(shares.iter().map(|share| share.credit).sum::<i64>(), 0, "what is given is what was owed");
            for ((ideal, count), share) in ideal.iter().zip(&counts).zip(&shares) {
                let off = (ideal - count).abs();
                prop_assert!(off < 2.0, "{counts:?} instead of {ideal:?}");
                prop_assert!((share.credit as f64 / LEAD as f64 - (ideal - count)).abs() < 1e-6, "a credit is what somebody is off");
            }
        }

        /// Whoever stands first in the list, or has the smallest id, has nothing of it.
        #[test]
        fn no_order_of_ids_matters(weights in prop::collection::vec(1i32..=10, 2..9), shift in 1usize..8, leads in 1i64..60) {
            let mut there = team(&weights);
            let mut turned = there.clone();
            let places = turned.len();
            turned.rotate_left(shift % places);
            for number in 1..=leads {
                let (one, other) = (next(&mut there, lead(number), number), next(&mut turned, lead(number), number));
                prop_assert_eq!(one.map(|index| there[index].user), other.map(|index| turned[index].user));
            }
        }
    }
}
