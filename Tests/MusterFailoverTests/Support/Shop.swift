import MusterCore
import MusterLab

/// The client of the server `shop`: curl in the lab, always asking the same address.
struct Shop: Sendable {
    let lab: Lab
    var address = "10.77.0.100"

    /// What it has taken; nil when nobody answers.
    func orders() throws -> [String]? {
        let result = try curl(["http://\(address)/cgi-bin/orders"])
        return result.status == 0 ? result.text.split(separator: "\n").map(String.init) : nil
    }

    /// Whether an order was taken: it is on the disk then.
    func order(_ text: String, patience: Int = 5) throws -> Bool {
        let result = try curl(["--data-binary", text, "http://\(address)/cgi-bin/orders"], patience: patience)
        return result.status == 0 && result.text.contains("taken")
    }

    private func curl(_ words: [String], patience: Int = 5) throws -> CommandResult {
        try lab.run(["curl", "-sS", "--fail", "--max-time", "\(patience)"] + words, deadline: Double(patience) + 30)
    }
}
