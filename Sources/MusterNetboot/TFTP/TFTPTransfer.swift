import MusterCore

/// One file on its way to one client (RFC 1350 section 4), without sockets or files: the actions say what to send.
///
/// A block is sent again only when its time is over, never because an old acknowledgement came again: two copies of each packet
/// would else fly to the file's end.
struct TFTPTransfer {
    enum Action: Hashable {
        case send(TFTPPacket)
        /// Read from the file and send as this block, then wait at most so long.
        case sendBlock(number: UInt16, offset: Int64, count: Int)
        case wait(until: Moment)
        case finish(End)
    }

    enum End: String, Hashable {
        case complete
        /// The client ended it; ROMs do so when they only wanted to know the size.
        case aborted
        /// No acknowledgement came.
        case silent
    }

    /// Sendings of one packet before the client counts as gone: with doubling waits, half a minute at least.
    static let tries = 6
    private static let longestWait: Int64 = 8000

    private let negotiation: TFTPNegotiation
    private let size: Int64
    /// The block whose acknowledgement is awaited, counted from 1 without wrapping; 0 is the option answer.
    private var block: Int64
    private var triesLeft = TFTPTransfer.tries
    private var wait: Int64
    private var isFinished = false

    init(_ request: TFTPRequest, size: Int64) {
        negotiation = TFTPNegotiation(request.options, size: size)
        self.size = size
        block = negotiation.accepted.isEmpty ? 1 : 0
        wait = negotiation.timeoutMilliseconds
    }

    /// The blocks of the file; the last one is short, and empty when the size divides evenly.
    private var lastBlock: Int64 { size / Int64(negotiation.blockSize) + 1 }

    mutating func start(at now: Moment) -> [Action] { transmit(at: now) }

    mutating func receive(_ packet: TFTPPacket, at now: Moment) -> [Action] {
        guard !isFinished else { return [] }
        switch packet {
        case .acknowledge(let number):
            guard number == UInt16(truncatingIfNeeded: block) else { return [] }
            if block == lastBlock { return finish(.complete) }
            block += 1
            triesLeft = Self.tries
            wait = negotiation.timeoutMilliseconds
            return transmit(at: now)
        case .error:
            return finish(.aborted)
        case .read, .write, .data, .options:
            return [.send(.error(.illegalOperation, "this is the port of a transfer to you"))] + finish(.aborted)
        }
    }

    /// The awaited acknowledgement did not come in time.
    mutating func timeOut(at now: Moment) -> [Action] {
        guard !isFinished else { return [] }
        guard triesLeft > 0 else { return finish(.silent) }
        wait = min(wait * 2, max(Self.longestWait, negotiation.timeoutMilliseconds))
        return transmit(at: now)
    }

    private mutating func transmit(at now: Moment) -> [Action] {
        triesLeft -= 1
        return [current, .wait(until: now.advanced(by: wait))]
    }

    private var current: Action {
        if block == 0 { return .send(.options(negotiation.accepted)) }
        let offset = (block - 1) * Int64(negotiation.blockSize)
        let count = min(Int64(negotiation.blockSize), size - offset)
        // Block numbers go on with 0 after 65535, as every client in use expects.
        return .sendBlock(number: UInt16(truncatingIfNeeded: block), offset: offset, count: Int(count))
    }

    private mutating func finish(_ end: End) -> [Action] {
        isFinished = true
        return [.finish(end)]
    }
}
