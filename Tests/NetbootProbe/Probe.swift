import Foundation
import Logging
import MusterCore
import MusterEngine
import MusterNetboot

/// The boot service as a program of its own, so that tests can run it in a network namespace. Commands come by standard input, a
/// line each; answers go to standard output, a word and JSON.
///
/// Arguments: interface, address/prefix, range (`first-last` or `none`), files folder, kernel arguments.
@main
enum Probe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let address = IPv4Network(arguments[2]) else {
            fatalError("usage: netboot-probe INTERFACE ADDRESS/PREFIX FIRST-LAST|none FILES KERNELARGUMENTS")
        }
        let range = arguments[3].split(separator: "-").compactMap { IPv4Address(String($0)) }
        let network = BootNetwork(
            interface: arguments[1], address: address, rangeFirst: range.first, rangeLast: range.last,
            files: arguments[4], kernelArguments: arguments[5])
        var logger = Logger(label: "netboot") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        let authority = ScriptedAuthority()
        let service = BootService(network: network, authority: authority, logger: logger)
        do {
            try await service.start()
        } catch let error as MusterError {
            say("failed", error)
            exit(1)
        }
        say("ready", "\(address)")
        while let line = readLine() {
            if line == "stop" { break }
            await obey(line.split(separator: " ", maxSplits: 2).map(String.init), service, authority)
        }
        await service.stop()
        say("stopped", service.counters)
    }

    private static func obey(_ words: [String], _ service: BootService, _ authority: ScriptedAuthority) async {
        let mac = words.count > 1 ? MACAddress(words[1]) : nil
        let rest = words.count > 2 ? words[2] : ""
        switch (words.first, mac) {
        case ("counters", _): say("counters", service.counters)
        case ("leases", _): say("leases", service.leases)
        case ("answer", _): authority.set(answer: HeartbeatAnswer(rawValue: words[1]) ?? .ok)
        case ("address", let mac?): authority.set(address: IPv4Address(rest), for: mac)
        case ("discover", let mac?): authority.set(plan: .success(.discover(token: rest)), for: mac)
        case ("local", let mac?): authority.set(plan: .success(.local), for: mac)
        case ("wait", let mac?): authority.set(plan: .success(.wait(reason: rest)), for: mac)
        case ("error", let mac?): authority.set(plan: .failure(MusterError("store_failed", rest)), for: mac)
        case ("image", let mac?):
            let export = Export(epoch: Epoch(7), host: "10.77.0.1", port: 10809, name: rest)
            authority.set(
                plan: .success(
                    .image(
                        ImageBoot(
                            token: "c0ffee", epoch: Epoch(7), server: ServerID("shop"), export: export,
                            address: IPv4Network("10.77.0.100/24"), heartbeatMilliseconds: 1000))), for: mac)
        default: say("unknown", words.joined(separator: " "))
        }
        say("done", words.first ?? "")
    }
}

/// One line for the test: what it is, and JSON.
func say(_ word: String, _ value: some Encodable) {
    let json = (try? Value(encoding: value).json) ?? "null"
    FileHandle.standardOutput.write(Data("\(word) \(json)\n".utf8))
}
