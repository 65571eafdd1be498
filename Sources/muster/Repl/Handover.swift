import Dispatch
import Synchronization

/// A value that one thread waits for and another gives.
final class Handover<Element: Sendable>: Sendable {
    private let value = Mutex<Element?>(nil)
    private let given = DispatchSemaphore(value: 0)

    func give(_ element: Element) {
        value.withLock { $0 = element }
        given.signal()
    }

    /// Blocks its thread until the value is there: never call it from a task. Takes it once.
    func take() -> Element {
        given.wait()
        guard let element = value.withLock({ $0 }) else { preconditionFailure("signalled without a value") }
        return element
    }
}
