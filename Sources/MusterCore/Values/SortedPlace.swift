extension RandomAccessCollection where Index == Int {
    /// The first index whose element is not before the place that is sought, of a collection that has all those which are before it in
    /// front: where it lies, or would.
    @inlinable
    public func sortedPlace(_ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
