//! Header providers: functions of the host that give an exporter's headers at each request, so that tokens rotate.

use core::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use super::status::{self, agentotel_status};
use super::types::agentotel_str;
use super::{callback, global, guard, snapshot};
use crate::manager::{Error, HeaderProvider};

/// Most headers that a provider may give to one request.
const MOST_HEADERS: usize = 64;

/// The headers of one request, as far as they have been given. Valid during the call that it is passed to.
/// @since 0.1.0
pub struct agentotel_headers {
    given: Vec<(String, String)>,
}

/// Gives the headers of requests. Make one with `AGENTOTEL_HEADER_PROVIDER_INIT`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_header_provider {
    /// `sizeof(agentotel_header_provider)`; `AGENTOTEL_HEADER_PROVIDER_INIT` sets it.
    pub struct_size: usize,
    /// Called before each request, one call at a time, on a thread of the library: adds headers by
    /// `agentotel_add_header`, each in place of one of the same name from the configuration. What it returns other than
    /// AGENTOTEL_OK fails the attempt, which is made again later. The time that it takes is the request's. It may call
    /// what the table at the top of this file says. Must not be NULL.
    pub provide: Option<
        unsafe extern "C" fn(user_data: *mut c_void, headers: *mut agentotel_headers) -> agentotel_status,
    >,
    /// Passed to both functions; the library does not touch it.
    pub user_data: *mut c_void,
    /// Called once, on any thread, when the provider is not used any more and no call of `provide` is under way. May be
    /// NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// A registered provider. An exporter's signals share it: the lock has their calls follow each other.
struct HostProvider(agentotel_header_provider, Mutex<()>);

// SAFETY: whoever registers it says that `provide` and `destroy` may be called with `user_data` on any thread.
unsafe impl Send for HostProvider {}
// SAFETY: as above; calls of `provide` follow each other.
unsafe impl Sync for HostProvider {}

impl HeaderProvider for HostProvider {
    fn headers(&self) -> Result<Vec<(String, String)>, String> {
        let mut headers = agentotel_headers { given: Vec::new() };
        let Some(provide) = self.0.provide else { return Ok(headers.given) };
        let _turn = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the host's function, called as its documentation says; `headers` outlives the call.
        let answer = unsafe { provide(self.0.user_data, &raw mut headers) };
        if answer == status::AGENTOTEL_OK {
            Ok(headers.given)
        } else {
            Err(format!("it has returned {answer} ({})", status::name(answer).to_string_lossy()))
        }
    }
}

/// Has an exporter's requests carry the headers that a function of the host gives at each of them. They are secrets, like
/// those in the configuration: never shown, never stored.
///
/// @param exporter The exporter's `name` in the configuration. It need not exist (yet).
/// @param provider The provider, in place of the one before; NULL: none any more, without waiting for a call that is under
///        way as `agentotel_unregister` does. Read during the call only.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
///
/// May be called before `agentotel_init`; a provider stays registered through `agentotel_shutdown`, and in a forked child.
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_register_header_provider(
    exporter: agentotel_str,
    provider: *const agentotel_header_provider,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: `exporter` is absent or valid through the call, by this function's contract.
        let exporter = unsafe { snapshot::text(exporter, "exporter")? };
        // SAFETY: `provider` is NULL or a struct of the size that it says, by this function's contract.
        let provider = unsafe { snapshot::header_provider(provider)? };
        if exporter.is_empty() {
            return Err(Error::InvalidArgument("exporter is empty".to_owned()));
        }
        let exporter = String::from_utf8_lossy(exporter);
        if provider.is_some_and(|provider| provider.provide.is_none()) {
            return Err(Error::null("provider.provide"));
        }
        let providers = &global::callbacks().header_providers;
        match provider {
            Some(provider) => {
                let let_go = callback::let_go(provider.destroy, provider.user_data);
                providers.set(&exporter, Arc::new(HostProvider(provider, Mutex::new(()))), let_go);
            }
            None => providers.forget(&exporter),
        }
        Ok(())
    })
}

/// Adds a header to a request, in place of one of the same name. To be called by a header provider, with what it was given.
///
/// @param headers What the provider was given. Must not be NULL.
/// @param name The header's name; one that the exporter sets itself, or that is no name, fails the attempt.
/// @param value The header's value: visible ASCII characters, spaces and tabs.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_add_header(
    headers: *mut agentotel_headers,
    name: agentotel_str,
    value: agentotel_str,
) -> agentotel_status {
    guard::call(|_| {
        snapshot::not_null(headers, "headers")?;
        // SAFETY: both texts are absent or valid through the call, by this function's contract.
        let (name, value) = unsafe { (snapshot::text(name, "name")?, snapshot::text(value, "value")?) };
        // SAFETY: `headers` is what the provider was given, which nobody else uses, by this function's contract.
        let headers = unsafe { &mut *headers };
        if headers.given.len() == MOST_HEADERS {
            return Err(Error::TooLarge { what: "headers", given: MOST_HEADERS + 1, most: MOST_HEADERS });
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        headers.given.push((text(name), text(value)));
        Ok(())
    })
}
