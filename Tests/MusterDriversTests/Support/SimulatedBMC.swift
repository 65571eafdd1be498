import Foundation
import MusterCore
import MusterEngine

@testable import MusterDrivers

/// A real `ipmi_sim` process with an address of its own, whose chassis is a script that the test commands.
final class SimulatedBMC: @unchecked Sendable {
    /// How the chassis takes orders to switch power.
    enum Manner: String {
        case obey
        /// Says done and does nothing.
        case lie
        /// Answers with an error.
        case refuse
    }

    static let user = "admin"
    static let password = "pw-7Hd2-x"
    static let port = 6230

    let scratch: Scratch
    let address: String
    private let module: String?
    private var process = Process()

    /// `guid` are 32 hexadecimal digits, sent as they are. `late` is the number of readings that still show the old power after
    /// an order; `deaf` the number of orders that are accepted and dropped. `module` is loaded into it (`DCMIModule`).
    init(
        power: Power = .off, manner: Manner = .obey, late: Int = 0, deaf: Int = 0,
        guid: String = "a123456789abcdefa123456789abcdef", module: String? = nil
    ) async throws {
        scratch = try Scratch()
        self.module = module
        address = LoopbackAddress.next()
        try scratch.write("power", power == .on ? "1" : "0")
        try scratch.write("manner", manner.rawValue)
        try scratch.write("late", "\(late)")
        try scratch.write("deaf", "\(deaf)")
        try scratch.write("chassis", Self.chassis, executable: true)
        try scratch.write("emulator", Self.emulator)
        try scratch.write("lan", configuration(guid: guid))
        try FileManager.default.createDirectory(atPath: scratch.file("state"), withIntermediateDirectories: true)
        try await start()
    }

    /// Ends the controller and starts it anew: it knows no session any more.
    func restart() async throws {
        stop()
        process = Process()
        try await start()
    }

    deinit { stop() }

    func stop() { Program.end(process) }

    /// How to reach it, with what a test wants wrong.
    func access(
        user: String = user, password: String = password, suites: [Int] = [3], uuid: String? = nil, guid: String? = nil,
        workarounds: [String] = ["opensesspriv"], through endpoint: String? = nil
    ) -> PowerAccess {
        var bmc = BMC(
            address: endpoint ?? address, port: Self.port, user: user, passwordSecret: nil, cipherSuites: suites,
            workarounds: workarounds)
        bmc.guid = guid
        return PowerAccess(bmc: bmc, password: Secret(bytes: Array(password.utf8)), uuid: uuid)
    }

    func set(_ manner: Manner) throws { try scratch.write("manner", manner.rawValue) }
    func set(power: Power) throws { try scratch.write("power", power == .on ? "1" : "0") }
    var power: Power { scratch.read("power") == "1" ? .on : .off }

    /// Every call of the chassis, in order: `get power`, `set power 0`, `set boot pxe`, `set shutdown 1`.
    var calls: [String] { scratch.read("calls").split(separator: "\n").map(String.init) }
    var orders: [String] { calls.filter { $0.hasPrefix("set") } }

    private func start() async throws {
        try scratch.write("output", "")
        process.executableURL = URL(fileURLWithPath: try Program.path("ipmi_sim", package: "openipmi"))
        process.arguments = [
            "-c", scratch.file("lan"), "-f", scratch.file("emulator"), "-s", scratch.file("state"), "-n", "-d",
        ]
        if let module { process.environment = ProcessInfo.processInfo.environment.merging(["LD_PRELOAD": module]) { $1 } }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: scratch.file("output"))
        process.standardError = process.standardOutput
        try Program.start(process)
        try await eventually("ipmi_sim listens on \(address): \(scratch.read("output"))") { isListening }
    }

    private var isListening: Bool {
        let octets = address.split(separator: ".").compactMap { Int($0) }.reversed()
        let hexadecimal = octets.map { String(format: "%02X", $0) }.joined() + String(format: ":%04X", Self.port)
        return UDP.sockets.contains(hexadecimal)
    }

    /// What its DCMI says from now on; `state` 64 is active.
    func set(watts: Int, state: Int = 64) throws { try scratch.write("draw", "\(watts) \(state)") }

    private func configuration(guid: String) -> String {
        let levels = ["callback", "user", "operator", "admin"].map { "allowed_auths_\($0) none md2 md5 straight" }
        return """
            name "test"
            set_working_mc 0x20
            startlan 1
            addr \(address) \(Self.port)
            priv_limit admin
            \(levels.joined(separator: "\n"))
            guid \(guid)
            endlan
            user 1 true "" "" user 10 none md2 md5 straight
            user 2 true "\(Self.user)" "\(Self.password)" admin 10 none md2 md5 straight
            chassis_control "\(scratch.file("chassis")) \(scratch.path)"
            \(module.map { "loadlib \"\($0)\" \"\(scratch.path)\"" } ?? "")

            """
    }

    private static let emulator = """
        mc_setbmc 0x20
        mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
        mc_enable 0x20

        """

    private static let chassis = """
        #!/bin/sh
        # chassis DIRECTORY get NAME… | set NAME VALUE…
        cd "$1" || exit 1
        shift
        echo "$*" >> calls
        count() { n=$(cat "$1"); [ "$n" -gt 0 ] && echo $((n - 1)) > "$1"; }
        case "$1 $2" in
        "get power")
            if [ -e wanted ]; then
                if count late; then :; else mv wanted power; fi
            fi
            echo "power:$(cat power)" ;;
        "get boot") echo "boot:default" ;;
        "set power")
            [ -e losing ] && mv losing lose
            if count deaf; then exit 0; fi
            case $(cat manner) in
            refuse) echo "not now" >&2; exit 1 ;;
            lie) exit 0 ;;
            esac
            if [ "$(cat late)" -gt 0 ]; then echo "$3" > wanted; else echo "$3" > power; fi ;;
        "set boot" | "set shutdown") : ;;
        *) exit 1 ;;
        esac
        exit 0

        """
}
