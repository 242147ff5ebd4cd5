//! Keys of messages. A key is made of a secret text that all nodes share; while one is replaced by another, both are accepted.

use std::fmt;

use crate::fault::Fault;

/// What the 32 bytes of a key are for: another purpose would get other bytes.
const MAC_CONTEXT: &str = "vcf-agent 2026-11-26 wire messages: MAC key";

/// The name of a key tells nothing of it, as another purpose is derived.
const ID_CONTEXT: &str = "vcf-agent 2026-11-26 wire messages: key id";

/// A shorter secret could be guessed (bytes).
pub const SECRET_BYTES_MIN: usize = 16;

/// Names a key in a message without telling anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A key that signs messages, or is accepted.
#[derive(Clone)]
pub struct Key {
    mac: [u8; 32],
    id: KeyId,
}

impl Key {
    /// The key of a secret text: the same text on every node. It must be random (`openssl rand -hex 32`): nothing here slows down guessing.
    ///
    /// # Errors
    /// `Permanent` if it is shorter than [`SECRET_BYTES_MIN`].
    pub fn new(secret: &str) -> Result<Self, Fault> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(Fault::permanent(format!(
                "the secret of a message key has fewer than {SECRET_BYTES_MIN} bytes: make one with `openssl rand -hex 32`"
            )));
        }
        let mut id = [0; 8];
        id.copy_from_slice(&blake3::derive_key(ID_CONTEXT, secret.as_bytes())[..8]);
        Ok(Self { mac: blake3::derive_key(MAC_CONTEXT, secret.as_bytes()), id: KeyId(id) })
    }

    /// Its name in messages.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The MAC of these bytes. Comparing two takes the same time wherever they differ.
    pub(super) fn mac(&self, bytes: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.mac, bytes)
    }
}

// A key shows its name only.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// The key that signs, and those that are accepted with it.
#[derive(Debug, Clone)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// `signs` is also accepted.
    pub fn new(signs: Key, also_accepted: impl IntoIterator<Item = Key>) -> Self {
        Self(std::iter::once(signs).chain(also_accepted).collect())
    }

    /// The one that signs.
    pub fn signing(&self) -> &Key {
        &self.0[0]
    }

    /// The accepted one of this name.
    pub(super) fn find(&self, id: &[u8]) -> Option<&Key> {
        self.0.iter().find(|key| key.id.0 == id)
    }
}
