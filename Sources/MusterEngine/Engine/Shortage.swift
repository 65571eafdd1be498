import MusterCore

// A full disk: what was accepted goes on from the store's reserve, and nothing new is accepted (design, rule 7).
extension Engine {
    /// Tells that the store came to its reserve, or has room again.
    mutating func tellOfRoom(now: Now) {
        guard isStoreShort != toldStoreShort else { return }
        toldStoreShort = isStoreShort
        emit(isStoreShort ? "store.full" : "store.room", now: now)
    }
}

extension MusterError {
    /// The refusal of something new while the disk is full.
    static func storeShort(_ what: String) -> MusterError {
        MusterError(
            .storeFull, "the disk that holds the state directory is full: \(what) is not accepted",
            hint: "make room there; what was accepted before goes on, and muster status tells when there is room again")
    }
}
