//! Who is in, who keeps us waiting, and who goes when somebody else wants to come in.
//!
//! A client is *waited for* while we can do nothing for it: it has not finished its request, does not read its answer, or says
//! nothing between two. That costs an
//! attacker nothing, so where all places are taken it is those who leave, whoever has kept us waiting for longest first. Who is being
//! answered, or holds a socket, stays.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

/// The places of one listener.
pub struct Doors {
    most: usize,
    most_of_one: usize,
    hall: Mutex<Hall>,
}

#[derive(Default)]
struct Hall {
    next: u64,
    guests: HashMap<u64, Guest>,
    /// By when the waiting began.
    waiting: BTreeMap<u64, u64>,
    addresses: HashMap<IpAddr, Address>,
}

struct Guest {
    address: Option<IpAddr>,
    /// Under which number it waits.
    since: Option<u64>,
    leave: CancellationToken,
}

#[derive(Default)]
struct Address {
    open: usize,
    /// The numbers of its guests who are waited for.
    waiting: BTreeSet<u64>,
}

/// A connection's place. Dropping it gives it back.
pub struct Place {
    doors: Arc<Doors>,
    guest: u64,
    /// Cancelled when the place is needed for somebody else.
    pub leave: CancellationToken,
}

impl Doors {
    pub fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, hall: Mutex::default() })
    }

    /// Takes a place, waited for from now on. `None`: everybody here is being answered. `address`: whose places are counted.
    pub fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let mut hall = self.hall();
        if let Some(of_one) = address.and_then(|address| hall.addresses.get(&address))
            && of_one.open >= self.most_of_one
        {
            let longest = of_one.waiting.first().copied()?;
            hall.send_away(longest, "address");
        }
        if hall.guests.len() >= self.most {
            let longest = hall.waiting.first_key_value().map(|(since, _)| *since)?;
            hall.send_away(longest, "all");
        }
        let guest = hall.number();
        let leave = CancellationToken::new();
        hall.guests.insert(guest, Guest { address, since: None, leave: leave.clone() });
        if let Some(address) = address {
            hall.addresses.entry(address).or_default().open += 1;
        }
        hall.wait(guest);
        metrics::gauge!("nextmove_connections").increment(1.0);
        Some(Place { doors: self.clone(), guest, leave })
    }

    /// Sends away whoever has kept us waiting for longest, for a place of another kind: a file descriptor.
    pub fn make_room(&self) {
        let mut hall = self.hall();
        if let Some(longest) = hall.waiting.first_key_value().map(|(since, _)| *since) {
            hall.send_away(longest, "descriptors");
        }
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hall {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn wait(&mut self, guest: u64) {
        let since = self.number();
        let Some(known) = self.guests.get_mut(&guest).filter(|known| known.since.is_none()) else { return };
        known.since = Some(since);
        if let Some(address) = known.address {
            self.addresses.entry(address).or_default().waiting.insert(since);
        }
        self.waiting.insert(since, guest);
    }

    fn answer(&mut self, guest: u64) {
        let Some(known) = self.guests.get_mut(&guest) else { return };
        let Some(since) = known.since.take() else { return };
        if let Some(address) = known.address.and_then(|address| self.addresses.get_mut(&address)) {
            address.waiting.remove(&since);
        }
        self.waiting.remove(&since);
    }

    fn send_away(&mut self, since: u64, why: &'static str) {
        let Some(guest) = self.waiting.get(&since).copied() else { return };
        if let Some(gone) = self.leave(guest) {
            gone.leave.cancel();
            metrics::counter!("nextmove_connections_refused_total", "why" => why).increment(1);
        }
    }

    fn leave(&mut self, guest: u64) -> Option<Guest> {
        self.answer(guest);
        let gone = self.guests.remove(&guest)?;
        metrics::gauge!("nextmove_connections").decrement(1.0);
        if let Some(address) = gone.address
            && let Some(of_one) = self.addresses.get_mut(&address)
        {
            of_one.open -= 1;
            if of_one.open == 0 {
                self.addresses.remove(&address);
            }
        }
        Some(gone)
    }
}

impl Place {
    /// We wait for the client.
    pub fn wait(&self) {
        self.doors.hall().wait(self.guest);
    }

    /// The client waits for us.
    pub fn answer(&self) {
        self.doors.hall().answer(self.guest);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.doors.hall().leave(self.guest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn who_has_kept_us_waiting_for_longest_goes() {
        let doors = Doors::new(3, 10);
        let [first, second, third] = [1, 2, 3].map(|last| doors.enter(address(last)).expect("a place"));
        first.answer();
        let fourth = doors.enter(address(4)).expect("the second goes");
        assert!(second.leave.is_cancelled() && !first.leave.is_cancelled() && !third.leave.is_cancelled());
        first.wait();
        let fifth = doors.enter(address(5)).expect("the third goes: the first was answered meanwhile");
        assert!(third.leave.is_cancelled() && !first.leave.is_cancelled() && !fourth.leave.is_cancelled());
        for guest in [&first, &fourth, &fifth] {
            guest.answer();
        }
        assert!(doors.enter(address(6)).is_none(), "nobody is sent away who is being answered");
        drop(first);
        assert!(doors.enter(address(6)).is_some());
    }

    #[test]
    fn one_address_takes_its_own_places_only() {
        let doors = Doors::new(100, 2);
        let [one, two] = [(); 2].map(|()| doors.enter(address(1)).expect("a place"));
        let other = doors.enter(address(2)).expect("a place");
        let three = doors.enter(address(1)).expect("its own first goes");
        assert!(one.leave.is_cancelled() && !two.leave.is_cancelled() && !other.leave.is_cancelled());
        two.answer();
        three.answer();
        assert!(doors.enter(address(1)).is_none());
        assert!(doors.enter(None).is_some(), "a proxy's connections are many people's");
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let doors = Doors::new(2, 2);
        let places: Vec<Place> = (0..50).filter_map(|_| doors.enter(address(1))).collect();
        drop(places);
        let hall = doors.hall();
        assert!(hall.guests.is_empty() && hall.waiting.is_empty() && hall.addresses.is_empty());
    }
}
