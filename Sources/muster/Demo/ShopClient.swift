import MusterCore
import MusterLab

/// The client of the demonstration: curl in the lab, always asking the same address.
struct ShopClient: Sendable {
    let lab: Lab
    let address: String

    private func curl(_ arguments: String...) throws -> String {
        let result = try lab.run(["curl", "-sS", "--fail", "--max-time", "3"] + arguments, deadline: 10)
        guard result.status == 0 else { throw MusterError("no_answer", result.errors) }
        return result.text
    }

    /// One request; it throws when nobody answers.
    func ask() throws { _ = try curl("http://\(address)/") }

    func post(_ order: String) throws { _ = try curl("--data-binary", order, "http://\(address)/cgi-bin/orders") }

    func orders() throws -> [String] {
        try curl("http://\(address)/cgi-bin/orders").split(separator: "\n").map(String.init)
    }
}
