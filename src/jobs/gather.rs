//! What arrives while the same kind of work is under way waits for it, and then goes together: under load many share a statement and
//! a commit, and on an idle server nobody waits.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Semaphore, oneshot};

use crate::error::{Error, Result};

type Waiting<I, O> = (Arc<I>, oneshot::Sender<Result<O>>);

/// One kind of work.
pub struct Gather<I, O> {
    waiting: Mutex<Vec<Waiting<I, O>>>,
    turns: Arc<Semaphore>,
    most: usize,
}

impl<I: Send + Sync + 'static, O: Send + 'static> Gather<I, O> {
    /// `turns` batches at a time, of at most `most` items.
    pub fn new(turns: usize, most: usize) -> Self {
        Self { waiting: Mutex::default(), turns: Arc::new(Semaphore::new(turns)), most }
    }

    /// Has `item` done together with what else waits. `work` gives an outcome for each item, in their order; it runs to its end even
    /// when whoever asked is gone, for others are in it too.
    pub async fn add<F>(&self, item: I, work: impl Fn(Vec<Arc<I>>) -> F + Send + 'static) -> Result<O>
    where
        F: Future<Output = Result<Vec<O>>> + Send + 'static,
    {
        let (done, mut outcome) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((Arc::new(item), done));
        let turn = tokio::select! {
            biased;
            outcome = &mut outcome => return outcome.map_err(Error::internal)?,
            turn = self.turns.clone().acquire_owned() => turn.map_err(Error::internal)?,
        };
        let (items, done): (Vec<Arc<I>>, Vec<_>) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever is gone has no turn of their own any more, and must not take the place of somebody who is there.
            waiting.retain(|(_, done)| !done.is_closed());
            let count = waiting.len().min(self.most);
            waiting.drain(..count).unzip()
        };
        if items.is_empty() {
            drop(turn); // it went with a batch that is still under way
        } else {
            tokio::spawn(async move {
                for (done, outcome) in done.into_iter().zip(together(items, work).await) {
                    done.send(outcome).ok();
                }
                drop(turn);
            });
        }
        outcome.await.map_err(Error::internal)?
    }
}

/// All at once. Where that fails because of one of them, each for itself, so that it takes nobody along.
async fn together<I, O, F>(items: Vec<Arc<I>>, work: impl Fn(Vec<Arc<I>>) -> F) -> Vec<Result<O>>
where
    F: Future<Output = Result<Vec<O>>>,
{
    match work(items.clone()).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error) if items.len() == 1 => vec![Err(error)],
        // It is not one of them.
        Err(Error::Unavailable(reason)) => items.iter().map(|_| Err(Error::Unavailable(reason.clone()))).collect(),
        Err(_) => {
            let mut outcomes = Vec::new();
            for item in items {
                outcomes.push(work(vec![item]).await.map(|mut outcome| outcome.remove(0)));
            }
            outcomes
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_arrives_meanwhile_goes_together() {
        let gather = Arc::new(Gather::<u32, usize>::new(1, 8));
        let work = |items: Vec<Arc<u32>>| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(items.iter().map(|_| items.len()).collect())
        };
        let first = tokio::spawn({
            let gather = gather.clone();
            async move { gather.add(0, work).await }
        });
        tokio::time::sleep(Duration::from_millis(5)).await;
        let later: Vec<_> = (1..=12)
            .map(|item| {
                let gather = gather.clone();
                tokio::spawn(async move { gather.add(item, work).await })
            })
            .collect();
        assert_eq!(first.await.expect("ran").expect("done"), 1);
        let mut sizes = Vec::new();
        for task in later {
            sizes.push(task.await.expect("ran").expect("done"));
        }
        assert_eq!(sizes, [8, 8, 8, 8, 8, 8, 8, 8, 4, 4, 4, 4]);
    }

    #[tokio::test]
    async fn one_that_cannot_be_done_takes_nobody_along() {
        let gather = Gather::<u32, usize>::new(1, 8);
        let work = |items: Vec<Arc<u32>>| async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if items.iter().any(|item| **item == 7) { Err(Error::NotFound) } else { Ok(vec![items.len(); items.len()]) }
        };
        let adds = [0, 6, 7, 8].map(|item| gather.add(item, work));
        let [first, six, seven, eight] = futures::future::join_all(adds).await.try_into().expect("four outcomes");
        assert_eq!((first.expect("done"), six.expect("done"), eight.expect("done")), (1, 1, 1));
        assert!(matches!(seven, Err(Error::NotFound)));
    }

    #[tokio::test]
    async fn those_who_left_take_nobodys_place() {
        let gather = Arc::new(Gather::<u32, u32>::new(1, 4));
        let work = |items: Vec<Arc<u32>>| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(items.iter().map(|item| **item).collect())
        };
        let first = tokio::spawn({
            let gather = gather.clone();
            async move { gather.add(0, work).await }
        });
        tokio::time::sleep(Duration::from_millis(5)).await;
        for item in 1..=9 {
            let gone = tokio::time::timeout(Duration::from_millis(1), gather.add(item, work)).await;
            assert!(gone.is_err());
        }
        let stays = tokio::time::timeout(Duration::from_secs(5), gather.add(10, work)).await;
        assert_eq!(stays.expect("in time").expect("done"), 10);
        assert_eq!(first.await.expect("ran").expect("done"), 0);
    }

    #[tokio::test]
    async fn who_waits_for_a_batch_keeps_no_turn() {
        let gather = Gather::<u64, usize>::new(2, 8);
        let work = |items: Vec<Arc<u64>>| async move {
            tokio::time::sleep(Duration::from_millis(*items[0])).await;
            Ok(items.iter().map(|_| items.len()).collect())
        };
        let late = async |after, item| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            gather.add(item, work).await.expect("done")
        };
        // Both turns are taken while two items come; the first turn that is free takes both, and finds nothing to do at the second.
        let begun = std::time::Instant::now();
        let third = async {
            late(100, 1).await;
            begun.elapsed()
        };
        let (.., first, second, third) = tokio::join!(late(0, 20), late(0, 40), late(5, 1000), late(5, 1), third);
        assert_eq!((first, second), (2, 2));
        assert!(third < Duration::from_millis(900), "the other turn was free");
    }

    #[tokio::test]
    async fn one_who_leaves_takes_nobody_along() {
        let gather = Arc::new(Gather::<u32, u32>::new(1, 8));
        let work = |items: Vec<Arc<u32>>| async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(items.iter().map(|item| **item).collect())
        };
        let leaves = tokio::time::timeout(Duration::from_millis(1), gather.add(1, work));
        let stays = gather.add(2, work);
        let (left, stayed) = tokio::join!(leaves, stays);
        assert!(left.is_err());
        assert_eq!(stayed.expect("done"), 2);
    }
}
