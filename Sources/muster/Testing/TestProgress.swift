import Foundation
import MusterProving

/// Says how far a long run of tests is, on a terminal's last line.
final class TestProgress: @unchecked Sendable {
    private let lock = NSLock()
    private let runner: TestRunner
    private let count: Int
    private var isOver = false
    private var isShown = false

    init(_ runner: TestRunner, of count: Int) {
        self.runner = runner
        self.count = count
        guard Screen.error.isTerminal else { return }
        Thread.detachNewThread { [self] in
            // What is over before that needs no word.
            Thread.sleep(forTimeInterval: 2)
            while tell() { Thread.sleep(forTimeInterval: 0.5) }
        }
    }

    private func tell() -> Bool {
        lock.withLock {
            if isOver { return false }
            Screen.error.write("\r\u{1B}[K\(runner.doneCount) of \(count) files are done …")
            isShown = true
            return true
        }
    }

    private func clear() {
        if isShown { Screen.error.write("\r\u{1B}[K") }
        isShown = false
    }

    func show(_ lines: [String]) {
        lock.withLock {
            clear()
            lines.forEach { Screen.out.line($0) }
        }
    }

    func end() {
        lock.withLock {
            clear()
            isOver = true
        }
    }
}
