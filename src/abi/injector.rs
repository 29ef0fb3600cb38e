//! Attribute injectors: a function of the host that puts attributes on what is recorded, beside those of the events.

use core::ffi::c_void;
use std::sync::Arc;

use bumpalo::Bump;

use super::status::agentotel_status;
use super::types::{agentotel_attribute, agentotel_span_context, agentotel_str};
use super::{callback, global, guard, snapshot};
use crate::event::data::SpanContext;
use crate::event::inject;
use crate::manager::{AttributeInjector, Error, Injectee, Treatment};
use crate::otlp::open;

/// Most attributes that an injector may give to one record.
pub const AGENTOTEL_MAX_INJECTED_ATTRIBUTES: usize = 64;
/// Most bytes that they may take, encoded.
const MOST_BYTES: usize = 65_536;

/// The attributes of one record, as far as they have been given. Valid during the call that it is passed to.
/// @since 0.1.0
pub struct agentotel_attributes {
    /// With unique keys, as fields of a span.
    fields: Vec<u8>,
    count: usize,
    treatment: Treatment,
}

/// What attributes are wanted for. Valid, with what it points to, during the call.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_injectee {
    /// The struct's size in the library that calls.
    pub struct_size: usize,
    /// AGENTOTEL_SIGNAL_TRACES for a span, AGENTOTEL_SIGNAL_LOGS for a log record.
    pub signal: u32,
    /// The event's kind, one of `AGENTOTEL_KIND_…`; for a log record that of its event.
    pub kind: u32,
    /// 1 when it is a session's root span; `kind` says nothing then.
    pub is_session: u8,
    /// Zero.
    pub reserved: [u8; 7],
    /// The session's root span.
    pub session: agentotel_span_context,
}

/// Puts attributes on spans and log records. Make one with `AGENTOTEL_ATTRIBUTE_INJECTOR_INIT`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_attribute_injector {
    /// `sizeof(agentotel_attribute_injector)`; `AGENTOTEL_ATTRIBUTE_INJECTOR_INIT` sets it.
    pub struct_size: usize,
    /// Called in each call that records a span, starts a session or an event, or leaves a log record of an error, on the
    /// thread that makes it, with no lock of the library held, by several threads at once: that call takes as long as it
    /// does. Sessions that are not sampled ask for nothing. It adds attributes by `agentotel_add_attribute`; those that the
    /// event has itself stay. It may call what the table at the top of this file says; what it records itself asks for
    /// nothing. It must return: no exception and no `longjmp` may leave it, and a child that is forked in it must not return
    /// from it. Must not be NULL.
    pub inject: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            injectee: *const agentotel_injectee,
            attributes: *mut agentotel_attributes,
        ),
    >,
    /// Passed to both functions; the library does not touch it.
    pub user_data: *mut c_void,
    /// Called once, on any thread, when the injector is not used any more and no call of it is under way; not at the end of
    /// the process. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// A registered injector.
struct HostInjector(agentotel_attribute_injector);

// SAFETY: whoever registers it says that its functions may be called with `user_data` on any thread.
unsafe impl Send for HostInjector {}
// SAFETY: as above, and by several at once.
unsafe impl Sync for HostInjector {}

impl AttributeInjector for HostInjector {
    fn attributes(&self, injectee: &Injectee, treatment: Treatment) -> Vec<u8> {
        let session = SpanContext {
            trace_id: injectee.trace_id,
            span_id: injectee.root_span_id,
            trace_flags: injectee.trace_flags,
            is_remote: false,
        };
        let shown = agentotel_injectee {
            struct_size: size_of::<agentotel_injectee>(),
            signal: injectee.signal as u32,
            kind: injectee.kind.unwrap_or_default().into(),
            is_session: injectee.kind.is_none().into(),
            reserved: [0; 7],
            session: snapshot::context_out(session),
        };
        let mut given = agentotel_attributes { fields: Vec::new(), count: 0, treatment };
        if let Some(inject) = self.0.inject {
            // SAFETY: the host's function, called as its documentation says; both outlive the call.
            unsafe { inject(self.0.user_data, &raw const shown, &raw mut given) };
        }
        given.fields
    }
}

/// Registers a function that puts attributes on spans and log records, by the name that `inject.host` of the configuration
/// says. What is recorded before is recorded without them.
///
/// @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'. One that is taken is replaced; the function
///        before is let go of when calls of it that are under way have ended.
/// @param injector Read during the call only. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
///
/// May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child.
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_register_attribute_injector(
    name: agentotel_str,
    injector: *const agentotel_attribute_injector,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: `name` is absent or valid through the call, by this function's contract.
        let name = unsafe { callback::callback_name(name)? };
        // SAFETY: `injector` is NULL or a struct of the size that it says, by this function's contract.
        let vtable = unsafe { snapshot::attribute_injector(injector)? };
        let vtable = vtable.ok_or_else(|| Error::null("injector"))?;
        if vtable.inject.is_none() {
            return Err(Error::null("injector.inject"));
        }
        let let_go = callback::let_go(vtable.destroy, vtable.user_data);
        global::callbacks().injectors.set(&name, Arc::new(HostInjector(vtable)), let_go);
        Ok(())
    })
}

/// Adds an attribute to what is being recorded, in place of one of the same key. To be called by an attribute injector, with
/// what it was given.
///
/// @param attributes What the injector was given. Must not be NULL.
/// @param attribute The attribute; copied. Must not be NULL, and its key not empty.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE (64 attributes, or 64 KiB, are given);
///         AGENTOTEL_ERR_INTERNAL.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_add_attribute(
    attributes: *mut agentotel_attributes,
    attribute: *const agentotel_attribute,
) -> agentotel_status {
    guard::call(|_| {
        snapshot::not_null(attributes, "attributes")?;
        snapshot::not_null(attribute, "attribute")?;
        let arena = Bump::new();
        // SAFETY: `attribute` is valid through the call with all that it points to, by this function's contract.
        let attribute = unsafe { snapshot::attributes(&arena, attribute, 1, "attribute")? };
        // SAFETY: `attributes` is what the injector was given, which nobody else uses, by this function's contract.
        let given = unsafe { &mut *attributes };
        if attribute.list.iter().any(|attribute| attribute.key.is_empty()) {
            return Err(Error::InvalidArgument("attribute.key is empty".to_owned()));
        }
        if given.count == AGENTOTEL_MAX_INJECTED_ATTRIBUTES {
            let most = AGENTOTEL_MAX_INJECTED_ATTRIBUTES;
            return Err(Error::TooLarge { what: "the number of injected attributes", given: most + 1, most });
        }
        if attribute.names_session {
            return Err(Error::InvalidArgument(
                "attribute.key is `session.id`, the session's own".to_owned(),
            ));
        }
        let field = inject::encoded(&arena, attribute.list, &given.treatment);
        let fields = open::overlaid(&arena, [&given.fields, &field]);
        if fields.len() > MOST_BYTES {
            let what = "the size of injected attributes, in bytes,";
            return Err(Error::TooLarge { what, given: fields.len(), most: MOST_BYTES });
        }
        given.count += usize::from(fields.len() == given.fields.len() + field.len());
        given.fields = fields.to_vec();
        Ok(())
    })
}
