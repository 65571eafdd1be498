import MusterCore

/// Which claims are alive, on what and for whom, and whose exports are still to be cut, kept beside the claims.
struct ClaimIndex: Sendable {
    private var aliveByResource: [ResourceID: Epoch] = [:]
    private var aliveByServer: [ServerID: Epoch] = [:]
    private var aliveByImage: [ImageID: Epoch] = [:]
    /// The claims that are over, or whose export a fence ordered to be cut, and whose export is not cut; and which of them are of an image.
    private(set) var leftovers: Set<Epoch> = []
    private var leftoversByImage: [ImageID: Set<Epoch>] = [:]

    func alive(on resource: ResourceID) -> Epoch? { aliveByResource[resource] }
    func alive(of server: ServerID) -> Epoch? { aliveByServer[server] }
    func alive(of image: ImageID) -> Epoch? { aliveByImage[image] }

    /// The claims of an image whose export has to be cut, oldest first.
    func leftovers(of image: ImageID) -> [Epoch] { (leftoversByImage[image] ?? []).sorted() }

    /// Takes what a claim is now.
    mutating func take(_ claim: Claim) {
        Self.take(claim, in: &aliveByResource, at: claim.resource)
        Self.take(claim, in: &aliveByServer, at: claim.server)
        Self.take(claim, in: &aliveByImage, at: claim.image)
        // An ended claim whose export is cut is history: the store keeps it.
        let mayStay = claim.isAlive && claim.cutOrdered == nil
        if mayStay || claim.exportCut {
            leftovers.remove(claim.epoch)
            leftoversByImage[claim.image]?.remove(claim.epoch)
            if leftoversByImage[claim.image]?.isEmpty == true { leftoversByImage[claim.image] = nil }
        } else {
            leftovers.insert(claim.epoch)
            leftoversByImage[claim.image, default: []].insert(claim.epoch)
        }
    }

    private static func take<Key: Hashable>(_ claim: Claim, in alive: inout [Key: Epoch], at key: Key) {
        if claim.isAlive {
            alive[key] = claim.epoch
        } else if alive[key] == claim.epoch {
            alive[key] = nil
        }
    }
}
