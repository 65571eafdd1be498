// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "muster",
    products: [.executable(name: "muster", targets: ["muster"])],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries, found by pkg-config.
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(name: "CFreeIPMI", pkgConfig: "libfreeipmi", providers: [.apt(["libfreeipmi-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .target(name: "CLuaShim", dependencies: ["CLua"]),
        .target(name: "CLinuxShim"),

        // Muster: the arrows of docs/architecture.md are never reversed.
        .target(name: "MusterCore", swiftSettings: strict),
        .target(name: "MusterEngine", dependencies: ["MusterCore"], swiftSettings: strict),
        .target(
            name: "MusterStore",
            dependencies: [
                "MusterEngine", "CSodium", "CLinuxShim", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "MusterLua", dependencies: ["MusterCore", "CLuaShim"], swiftSettings: strict),
        .target(name: "MusterScripting", dependencies: ["MusterLua", "MusterEngine", "CSodium"], swiftSettings: strict),
        .target(name: "MusterDrivers", dependencies: ["MusterEngine", "CFreeIPMI", "CLinuxShim"], swiftSettings: strict),
        .target(
            name: "MusterNetboot",
            dependencies: [
                "MusterEngine",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "MusterConsole",
            dependencies: [
                "MusterEngine",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(name: "MusterSim", dependencies: ["MusterEngine"], swiftSettings: strict),
        // Policies proven in simulation: scenarios, tests in Lua, random faults.
        .target(name: "MusterProving", dependencies: ["MusterScripting", "MusterLua", "MusterSim"], swiftSettings: strict),
        .target(name: "MusterLab", dependencies: ["MusterCore"], swiftSettings: strict),
        .executableTarget(
            name: "muster",
            dependencies: [
                "MusterConsole", "MusterScripting", "MusterProving", "MusterNetboot", "MusterDrivers", "MusterStore", "MusterLab", "CEdit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // The measurements of scripts/bench and their peers in C.
        .executableTarget(
            name: "DispatchPeer", dependencies: ["CLua"], path: "Benchmarks/dispatch", exclude: ["main.swift", "hook.lua"],
            sources: ["peer.c"]),
        .executableTarget(
            name: "DispatchBenchmark", dependencies: ["MusterLua"], path: "Benchmarks/dispatch", exclude: ["peer.c", "hook.lua"],
            sources: ["main.swift"], swiftSettings: strict),
        .executableTarget(
            name: "JournalPeer", dependencies: ["CSQLite"], path: "Benchmarks/journal", exclude: ["main.swift"], sources: ["peer.c"]),
        .executableTarget(
            name: "JournalBenchmark", dependencies: ["MusterStore"], path: "Benchmarks/journal", exclude: ["peer.c"],
            sources: ["main.swift"], swiftSettings: strict),
        .executableTarget(
            name: "SandboxBenchmark", dependencies: ["MusterLua"], path: "Benchmarks/sandbox", exclude: ["loops.lua"], swiftSettings: strict
        ),
        .executableTarget(
            name: "SimulationBenchmark", dependencies: ["MusterProving"], path: "Benchmarks/simulation", swiftSettings: strict),
        .executableTarget(
            name: "FailoversBenchmark", dependencies: ["MusterProving"], path: "Benchmarks/failovers", swiftSettings: strict),
        .executableTarget(
            name: "RunsBenchmark", dependencies: ["MusterScripting", "MusterStore", "MusterSim"], path: "Benchmarks/runs",
            swiftSettings: strict),
        .executableTarget(
            name: "HeartbeatsBenchmark", dependencies: ["MusterEngine", "MusterSim"], path: "Benchmarks/heartbeats", swiftSettings: strict),

        .testTarget(name: "MusterCoreTests", dependencies: ["MusterCore"], swiftSettings: strict),
        .testTarget(name: "MusterEngineTests", dependencies: ["MusterEngine", "MusterSim"], swiftSettings: strict),
        .testTarget(
            name: "MusterStoreTests", dependencies: ["MusterStore", .product(name: "GRDB", package: "GRDB.swift")], swiftSettings: strict),
        .testTarget(name: "MusterLabTests", dependencies: ["MusterLab"], swiftSettings: strict),
        .target(
            name: "ConsoleFixture", dependencies: ["MusterConsole", "MusterEngine", "MusterSim"], path: "Tests/ConsoleFixture",
            swiftSettings: strict),
        .testTarget(name: "MusterConsoleTests", dependencies: ["ConsoleFixture", "MusterConsole"], swiftSettings: strict),
        .testTarget(
            name: "MusterCommandTests",
            dependencies: ["ConsoleFixture", "muster", "MusterConsole", "MusterEngine", "MusterStore"], swiftSettings: strict),
        .testTarget(
            name: "MusterFailoverTests", dependencies: ["MusterLab", "MusterConsole", "MusterStore", "muster"], swiftSettings: strict),
        .testTarget(name: "MusterLuaTests", dependencies: ["MusterLua"], swiftSettings: strict),
        .testTarget(name: "MusterScriptingTests", dependencies: ["MusterScripting", "MusterSim"], swiftSettings: strict),
        .testTarget(name: "MusterProvingTests", dependencies: ["MusterProving", "MusterLua", "MusterSim"], swiftSettings: strict),
        // The crash sweep: engines in processes of their own, which are killed, and machines that outlive them.
        .target(name: "SweepWire", dependencies: ["MusterEngine"], path: "Tests/SweepWire", swiftSettings: strict),
        .executableTarget(
            name: "sweep-engine", dependencies: ["SweepWire", "MusterScripting", "MusterStore", "MusterSim"], path: "Tests/SweepEngine",
            swiftSettings: strict),
        .testTarget(
            name: "MusterSweepTests",
            dependencies: ["SweepWire", "sweep-engine", "MusterSim", "MusterStore", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .testTarget(name: "MusterDriversTests", dependencies: ["MusterDrivers", "CLinuxShim"], swiftSettings: strict),
        .executableTarget(
            name: "netboot-probe",
            dependencies: ["MusterNetboot", .product(name: "Logging", package: "swift-log")], path: "Tests/NetbootProbe",
            swiftSettings: strict),
        .testTarget(name: "MusterNetbootTests", dependencies: ["MusterNetboot", "netboot-probe"], swiftSettings: strict),
    ]
)
