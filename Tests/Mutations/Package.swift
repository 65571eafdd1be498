// swift-tools-version: 6.2
import PackageDescription

// A build of the engine and its simulation in which bugs can be switched on, to show that the simulation finds them. It is a package of its
// own so that nothing else is ever built with them; `scripts/test` runs its check.
let settings: [SwiftSetting] = [.treatAllWarnings(as: .error), .define("MUTATIONS")]

let package = Package(
    name: "mutations",
    targets: [
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .target(name: "CLuaShim", dependencies: ["CLua"]),
        .target(name: "MusterCore", swiftSettings: settings),
        .target(name: "MusterEngine", dependencies: ["MusterCore"], swiftSettings: settings),
        .target(name: "MusterLua", dependencies: ["MusterCore", "CLuaShim"], swiftSettings: settings),
        .target(name: "MusterScripting", dependencies: ["MusterLua", "MusterEngine", "CSodium"], swiftSettings: settings),
        .target(name: "MusterSim", dependencies: ["MusterEngine"], swiftSettings: settings),
        .target(name: "MusterProving", dependencies: ["MusterScripting", "MusterLua", "MusterSim"], swiftSettings: settings),
        .executableTarget(name: "mutation-check", dependencies: ["MusterProving"], path: "Check", swiftSettings: settings),
    ]
)
