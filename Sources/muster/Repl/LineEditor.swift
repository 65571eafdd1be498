import CEdit
import Foundation
import Synchronization

/// libedit, of which there is one in a process.
final class LineEditor: Sendable {
    static let shared = LineEditor()

    private struct State {
        var complete: (@Sendable (String) -> [String])?
        var history = ""
        var isReading = false
        var wasInterrupted = false
        /// Lines to show above the one that is being typed.
        var messages: [String] = []
    }

    private static let longestHistory: Int32 = 1000

    private let state = Mutex(State())
    /// A byte in it ends the waiting for a key.
    private let wake: (read: Int32, write: Int32)

    private init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        wake = (ends[0], ends[1])
    }

    /// Sets libedit up. `complete` answers whole replacements for the last word of a line; it may block.
    func begin(history: String, complete: @escaping @Sendable (String) -> [String]) {
        state.withLock { state in
            state.complete = complete
            state.history = history
        }
        // UTF-8 keys need it; other parts of the locale would change how Lua and the engine compare texts.
        setlocale(LC_CTYPE, "C.UTF-8")
        muster_edit_begin({ _ in LineEditor.shared.readKey() }, { word, _, end in LineEditor.shared.offer(word, end) })
        using_history()
        stifle_history(Self.longestHistory)
        try? FileManager.default.createDirectory(
            atPath: (history as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        read_history(history)
    }

    /// Blocks until a line is there, or was abandoned.
    func read(prompt: String) -> InputLine {
        state.withLock { state in
            state.isReading = true
            state.wasInterrupted = false
        }
        rl_resize_terminal()
        let line = readline(prompt)
        defer { free(line) }
        return state.withLock { state in
            state.isReading = false
            if state.wasInterrupted { Screen.out.line("^C") } else if line == nil { Screen.out.line("") }
            state.messages.forEach { Screen.out.line($0) }
            state.messages = []
            return state.wasInterrupted ? .interrupted : line.map { .text(String(cString: $0)) } ?? .end
        }
    }

    /// Shows lines at once: above the one that is being typed, if any.
    func show(_ lines: [String]) {
        state.withLock { state in
            guard state.isReading else { return lines.forEach { Screen.out.line($0) } }
            // One byte wakes it for all that came meanwhile.
            if state.messages.isEmpty { write(wake.write, "x", 1) }
            state.messages += lines
        }
    }

    /// Puts what came meanwhile in the place of the line that is being typed, and that line below.
    private func showMessages() {
        let messages = state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
        guard !messages.isEmpty else { return }
        Screen.out.write("\r\u{1B}[K" + messages.map { $0 + "\r\n" }.joined())
        muster_edit_redraw()
    }

    /// Keeps an input for the arrow keys, and for the next time.
    func remember(_ input: String) {
        add_history(input)
        write_history(state.withLock { $0.history })
    }

    /// Abandons the line that is being read; false when none is.
    func interrupt() -> Bool {
        state.withLock { state in
            guard state.isReading else { return false }
            state.wasInterrupted = true
            write(wake.write, "x", 1)
            return true
        }
    }

    func restoreTerminal() { rl_deprep_terminal() }

    // MARK: What libedit calls

    /// The next key as a Unicode scalar; -1 when there are no more, or the line is abandoned.
    private func readKey() -> Int32 {
        var watched = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0), pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            while poll(&watched, 2, -1) < 0 { guard errno == EINTR else { return -1 } }
            guard watched[1].revents != 0 else { break }
            var drained = [UInt8](repeating: 0, count: 64)
            Glibc.read(wake.read, &drained, drained.count)
            if state.withLock({ $0.wasInterrupted }) { return -1 }
            showMessages()
        }
        guard let first = readByte() else { return -1 }
        let count = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var bytes = [first]
        while bytes.count < count, let byte = readByte() { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.first.map { Int32($0.value) } ?? -1
    }

    private func readByte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count == 1 { return byte }
            guard count < 0, errno == EINTR else { return nil }
        }
    }

    /// The completions of a word that ends at a place in the line, as libedit wants them: first what they have in common, then
    /// each, then nothing; all of it is libedit's to free.
    private func offer(_ word: UnsafePointer<CChar>?, _ end: Int32) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        muster_edit_offer_no_files()
        guard let word, let line = muster_edit_line(), let complete = state.withLock({ $0.complete }) else { return nil }
        let before = String(decoding: UnsafeRawBufferPointer(start: line, count: strnlen(line, Int(end))), as: UTF8.self)
        let found = Replacement.of(String(cString: word), in: before, by: complete(before))
        guard let first = found.first else { return nil }
        let common = found.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        let texts = [common] + found
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() { list[index] = strdup(text) }
        list[texts.count] = nil
        return list
    }
}

/// Fits the engine's completions to the word that libedit is going to replace.
enum Replacement {
    /// The engine's word may begin earlier in the line than libedit's (a name with a dash in quotes): what stands before
    /// libedit's word already is left out of the replacements.
    static func of(_ word: String, in line: String, by candidates: [String]) -> [String] {
        guard line.hasSuffix(word) else { return [] }
        let before = line.dropLast(word.count)
        return candidates.compactMap { candidate in
            let longest = min(before.count, candidate.count)
            for length in stride(from: longest, through: 0, by: -1) {
                let rest = candidate.dropFirst(length)
                if before.hasSuffix(candidate.prefix(length)), rest.hasPrefix(word) { return String(rest) }
            }
            return nil
        }
    }
}
