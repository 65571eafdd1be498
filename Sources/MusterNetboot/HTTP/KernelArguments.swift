import MusterCore
import MusterEngine

/// The kernel's command line: what the ramdisk's init needs to know about its machine.
struct KernelArguments {
    private(set) var words: [String]

    init(machine mac: MACAddress, plan: String, token: String, url: String) throws {
        words = [
            "initrd=ramdisk.gz", "panic=5", "muster.url=\(url)", "muster.mac=\(mac)", "muster.plan=\(plan)",
            "muster.token=\(try Self.checked(token, name: "token"))",
        ]
    }

    mutating func add(_ image: ImageBoot) throws {
        let export = image.export
        words += [
            "muster.epoch=\(image.epoch)",
            "muster.server=\(try Self.checked(image.server.rawValue, name: "server name"))",
            "muster.root=nbd:\(try Self.checked(export.host, name: "export host")):\(export.port):"
                + (try Self.checked(export.name, name: "export name")),
            "muster.heartbeat=\(Self.seconds(milliseconds: image.heartbeatMilliseconds))",
        ]
        if let watchdog = image.watchdog {
            words.append("muster.watchdog=\(watchdog.timeout / 1000)")
            if watchdog.soft { words.append("muster.softdog=1") }
        }
        if let address = image.address { words.append("muster.address=\(address)") }
    }

    /// Adds the operator's own arguments. Errors: `bad_fleet`.
    mutating func add(operatorArguments text: String) throws {
        words += try Self.operatorWords(text)
    }

    /// Words that would end the line of the script, or begin another command, are refused. Errors: `bad_fleet`.
    static func operatorWords(_ text: String) throws -> [String] {
        let words = text.split(separator: " ").map(String.init)
        for word in words where word == "||" || word == "&&" || !word.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw MusterError(
                .badFleet, "the kernel arguments of the boot network hold \"\(word.filter(\.isASCII))\"",
                hint: "write plain words like console=ttyS0 quiet, without control characters, && or ||")
        }
        return words
    }

    /// Letters, digits and a few marks: a value that could be read as anything else is a defect on our side, and is refused.
    private static func checked(_ text: String, name: String) throws -> String {
        let isPlain = text.utf8.allSatisfy { $0.isDigit || $0.isLetter || "._-".utf8.contains($0) }
        guard isPlain, !text.isEmpty else {
            throw MusterError(
                .badArgument, "the \(name) cannot be told to a machine",
                hint: "use letters, digits, dots, dashes and underscores")
        }
        return text
    }

    /// `1`, or `0.5`: what `sleep` understands.
    static func seconds(milliseconds: Int64) -> String {
        var text = "\(milliseconds / 1000)"
        if milliseconds % 1000 != 0 { text += "." + String(1000 + milliseconds % 1000).dropFirst() }
        while text.contains("."), text.hasSuffix("0") { text.removeLast() }
        return text
    }
}
