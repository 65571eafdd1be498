import MusterCore
import MusterEngine

/// The addresses at which machines find things on the boot service's HTTP server.
enum BootURL {
    static func base(of network: BootNetwork) -> String { "http://\(network.address.address):\(network.httpPort)" }

    /// The boot script of a machine. iPXE itself fills in `${uuid}` and `${buildarch}` before it asks.
    static func script(base: String, mac: MACAddress) -> String { "\(base)/boot.ipxe?mac=\(mac)&uuid=${uuid}&arch=${buildarch}" }

    /// The same for a machine that has asked already.
    static func script(base: String, request: BootRequest) -> String {
        "\(base)/boot.ipxe?mac=\(request.mac)" + (request.uuid.map { "&uuid=\($0)" } ?? "") + (request.arch.map { "&arch=\($0)" } ?? "")
    }

    static func file(_ name: String, base: String) -> String { "\(base)/files/\(name)" }
}
