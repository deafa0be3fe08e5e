//! Repeated calls.

use futures::StreamExt as _;
use futures::stream;

/// Makes `times` calls, at most `parallel` at a time, and returns their results in the order of their starts. `call`
/// gets the number of the call, from 0.
pub async fn repeat<T, F>(times: usize, parallel: usize, call: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T>,
{
    stream::iter(0..times)
        .map(call)
        .buffered(parallel.max(1))
        .collect()
        .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rstest::rstest;

    use super::repeat;

    /// At most `parallel` calls run at a time, and the results of all are in order.
    #[rstest]
    #[case::one_by_one(5, 1, 1)]
    #[case::some_at_a_time(7, 3, 3)]
    #[case::more_than_there_are(2, 9, 2)]
    #[case::none(0, 4, 0)]
    #[case::zero_is_one(3, 0, 1)]
    #[tokio::test]
    async fn calls(#[case] times: usize, #[case] parallel: usize, #[case] most: usize) {
        let (running, seen) = (&Cell::new(0), &Cell::new(0));
        let results = repeat(times, parallel, |index| async move {
            running.set(running.get() + 1);
            seen.set(seen.get().max(running.get()));
            tokio::task::yield_now().await;
            running.set(running.get() - 1);
            index
        })
        .await;
        assert_eq!(results, (0..times).collect::<Vec<_>>());
        assert_eq!(seen.get(), most);
    }
}
