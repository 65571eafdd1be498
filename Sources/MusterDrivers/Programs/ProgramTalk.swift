import Foundation

/// What goes into a child process and comes out of it, as its pipes take and give it.
struct ProgramTalk {
    /// What came out of one pipe, as much as is kept.
    struct Heard {
        fileprivate var bytes: [UInt8] = []
        private(set) var isCut = false
        fileprivate var isOver = false

        /// Bytes that are not UTF-8 are replaced.
        var text: String { String(decoding: bytes, as: UTF8.self) }

        fileprivate mutating func add(_ more: ArraySlice<UInt8>, most: Int) {
            let room = most - bytes.count
            bytes += more.prefix(room)
            if more.count > room { isCut = true }
        }
    }

    private let pipes: ProgramPipes
    private var input: ArraySlice<UInt8>
    private let most: Int
    private(set) var output = Heard()
    private(set) var errors = Heard()

    init(_ pipes: ProgramPipes, input: String?, most: Int) {
        self.pipes = pipes
        self.input = Array((input ?? "").utf8)[...]
        self.most = most
        if self.input.isEmpty { pipes.closeInput() }
    }

    /// Whether nothing more can come.
    var isOver: Bool { output.isOver && errors.isOver }

    /// Waits until a pipe has something to do, and does it.
    mutating func turn(milliseconds: Int32) {
        var waits = [
            pollfd(fd: output.isOver ? -1 : pipes.output.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors.isOver ? -1 : pipes.errors.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pipes.input.write, events: Int16(POLLOUT), revents: 0),
        ]
        guard !isOver || pipes.input.write >= 0, poll(&waits, 3, milliseconds) > 0 else { return }
        if waits[0].revents != 0 { Self.hear(pipes.output.read, &output, most) }
        if waits[1].revents != 0 { Self.hear(pipes.errors.read, &errors, most) }
        if waits[2].revents != 0 { feed() }
    }

    /// Takes what is still in the pipes of a process that is over.
    mutating func drain() {
        for _ in 0..<64 where !isOver { turn(milliseconds: 0) }
    }

    private mutating func feed() {
        // A program may close its input unread.
        let count = input.withUnsafeBytes { write(pipes.input.write, $0.baseAddress, $0.count) }
        if count > 0 { input = input.dropFirst(count) }
        if input.isEmpty || count == -1 && errno != EAGAIN && errno != EINTR { pipes.closeInput() }
    }

    private static func hear(_ file: Int32, _ heard: inout Heard, _ most: Int) {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(file, &piece, piece.count)
        if count > 0 { heard.add(piece[..<count], most: most) }
        if count == 0 || count == -1 && errno != EAGAIN && errno != EINTR { heard.isOver = true }
    }
}
