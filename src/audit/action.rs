//! What can stand in the trail. A new action does not compile until somebody has decided its group and its subject; the app does not
//! compile until it has words for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Entry, Group, Subject};

/// A kind of action. Its name stands in the database, in snake case, and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditAction)]
pub enum Action {
    LeadCaptured,
    /// The same person asked again while the lead was open.
    LeadEnquired,
    LeadStatusChanged,
    LeadEdited,
    LeadClaimed,
    LeadReleased,
    LeadAssigned,
    LeadSnoozed,
    LeadWoken,
    NoteAdded,
    AttemptLogged,
    AttemptReported,

    /// A lead was opened.
    LeadViewed,
    /// Somebody searched the leads; for what is not kept.
    LeadsSearched,
    /// What people answered in a form was looked at, to see where it would go.
    LeadsPreviewed,
    /// What came by a source was looked at, for the same reason.
    SourcePreviewed,
    /// The rows of a file were looked at: what would become of them, or what was wrong with them.
    ImportViewed,
    /// This trail was read.
    AuditViewed,
    AuditExported,
    /// An operator looked at the jobs that were given up.
    GraveyardViewed,
    /// An operator looked at the deliveries that could not be taken.
    QuarantineViewed,

    SignedIn,
    /// Somebody gave a wrong password for this account.
    SignInFailed,
    /// Somebody tried an address that is nobody's.
    SignInUnknown,
    SignedOut,
    /// Somebody who belongs to several organizations turned to this one.
    OrganizationEntered,
    OrganizationLeft,
    /// One's own second factors: an app or a passkey came, went; new recovery codes.
    FactorAdded,
    FactorRemoved,
    RecoveryCodesRenewed,
    /// One's own sessions on other devices.
    SessionsEnded,

    OrganizationCreated,
    MemberAdded,
    MemberInvited,
    /// A new code: by letter, or shown to be handed over.
    InvitationRenewed,
    InvitationWithdrawn,
    RoleChanged,
    MemberRemoved,
    /// Name or picture.
    ProfileChanged,
    PasswordChanged,
    /// A forgotten password was replaced, with a code.
    PasswordReset,
    /// Whoever runs the server made a code for a new password.
    ResetCodeMade,
    /// A colleague's second factors were taken away.
    FactorsReset,
    /// A colleague was signed out everywhere.
    MemberSignedOut,
    /// Who needs a second factor, and from where admins may act.
    AccessRulesChanged,
    SlaChanged,
    /// When somebody works, and how many leads they take.
    ShiftChanged,
    /// Somebody is away for a while; is back.
    PauseBegun,
    PauseEnded,
    /// As whom SMS and e-mail are sent.
    SendingSettingsChanged,
    /// Somebody is not to be written to any more; by themselves, by what a vendor tells, or by hand.
    SuppressionAdded,
    SuppressionRemoved,
    /// Who is told, and how, while nobody tries a lead.
    EscalationChanged,
    /// To whom leads are given.
    DistributionChanged,
    /// What makes a lead a good one.
    ScoringChanged,

    SequenceSaved,
    SequenceArchived,
    /// A lead began a sequence; left one before its end.
    SequenceBegun,
    SequenceStopped,

    PageConnected,
    ConnectionBroken,
    ConnectionMended,
    /// The page told us of its leads no more, and was asked to again.
    PageSubscribed,
    /// An organization has an app of its own at Meta, or another secret for it.
    MetaAppSaved,
    MetaAppRemoved,
    PageTokenReplaced,
    PageDisconnected,
    ConnectionTested,
    /// Where the answers of a form go.
    MappingChanged,
    /// The leads of a form were to be mapped anew.
    RemapAsked,
    LeadRemapped,
    /// An address of one's own for leads: made, renamed, with another secret or mapping, taken away.
    SourceCreated,
    SourceChanged,
    SourceSecretRotated,
    SourceMapped,
    SourceRemoved,
    /// A file of leads: looked at, taken in, taken back.
    ImportUploaded,
    ImportStarted,
    ImportUndone,
    KeysRotated,
    JobReplayed,
    DeliveryReplayed,
    /// An owner had a delivery's lead fetched again.
    ReceiptReplayed,
    /// As above, all that were given up.
    ReceiptsReplayed,
    /// A job was taken out of the graveyard for good.
    JobDiscarded,

    /// Of a newer release; never written.
    #[serde(other)]
    Unknown,
}

impl Action {
    /// All that are written.
    pub const ALL: [Self; 85] = [
        Self::LeadCaptured,
        Self::LeadEnquired,
        Self::LeadStatusChanged,
        Self::LeadEdited,
        Self::LeadClaimed,
        Self::LeadReleased,
        Self::LeadAssigned,
        Self::LeadSnoozed,
        Self::LeadWoken,
        Self::NoteAdded,
        Self::AttemptLogged,
        Self::AttemptReported,
        Self::LeadViewed,
        Self::LeadsSearched,
        Self::LeadsPreviewed,
        Self::SourcePreviewed,
        Self::ImportViewed,
        Self::AuditViewed,
        Self::AuditExported,
        Self::GraveyardViewed,
        Self::QuarantineViewed,
        Self::SignedIn,
        Self::SignInFailed,
        Self::SignInUnknown,
        Self::SignedOut,
        Self::OrganizationEntered,
        Self::OrganizationLeft,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::RecoveryCodesRenewed,
        Self::SessionsEnded,
        Self::OrganizationCreated,
        Self::MemberAdded,
        Self::MemberInvited,
        Self::InvitationRenewed,
        Self::InvitationWithdrawn,
        Self::RoleChanged,
        Self::MemberRemoved,
        Self::ProfileChanged,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::ResetCodeMade,
        Self::FactorsReset,
        Self::MemberSignedOut,
        Self::AccessRulesChanged,
        Self::SlaChanged,
        Self::ShiftChanged,
        Self::PauseBegun,
        Self::PauseEnded,
        Self::SendingSettingsChanged,
        Self::SuppressionAdded,
        Self::SuppressionRemoved,
        Self::EscalationChanged,
        Self::DistributionChanged,
        Self::ScoringChanged,
        Self::SequenceSaved,
        Self::SequenceArchived,
        Self::SequenceBegun,
        Self::SequenceStopped,
        Self::PageConnected,
        Self::ConnectionBroken,
        Self::ConnectionMended,
        Self::PageSubscribed,
        Self::SourceCreated,
        Self::SourceChanged,
        Self::SourceSecretRotated,
        Self::SourceMapped,
        Self::SourceRemoved,
        Self::ImportUploaded,
        Self::ImportStarted,
        Self::ImportUndone,
        Self::KeysRotated,
        Self::JobReplayed,
        Self::DeliveryReplayed,
        Self::MetaAppSaved,
        Self::MetaAppRemoved,
        Self::PageTokenReplaced,
        Self::PageDisconnected,
        Self::ConnectionTested,
        Self::MappingChanged,
        Self::RemapAsked,
        Self::LeadRemapped,
        Self::ReceiptReplayed,
        Self::ReceiptsReplayed,
        Self::JobDiscarded,
    ];

    pub fn group(self) -> Group {
        self.parts().1
    }

    pub fn as_str(self) -> &'static str {
        self.parts().0
    }

    pub(super) fn subject(self) -> Option<Subject> {
        self.parts().2
    }

    fn parts(self) -> (&'static str, Group, Option<Subject>) {
        use Group::{Access, Leads, Settings, System, Team, Views};
        use Subject::{
            Delivery, Form, Import, Invitation, Lead, Organization, Page, Sequence, Source, Suppression, User,
        };
        match self {
            Self::LeadCaptured => ("lead_captured", Leads, Some(Lead)),
            Self::LeadEnquired => ("lead_enquired", Leads, Some(Lead)),
            Self::LeadStatusChanged => ("lead_status_changed", Leads, Some(Lead)),
            Self::LeadEdited => ("lead_edited", Leads, Some(Lead)),
            Self::LeadClaimed => ("lead_claimed", Leads, Some(Lead)),
            Self::LeadReleased => ("lead_released", Leads, Some(Lead)),
            Self::LeadAssigned => ("lead_assigned", Leads, Some(Lead)),
            Self::LeadSnoozed => ("lead_snoozed", Leads, Some(Lead)),
            Self::LeadWoken => ("lead_woken", Leads, Some(Lead)),
            Self::NoteAdded => ("note_added", Leads, Some(Lead)),
            Self::AttemptLogged => ("attempt_logged", Leads, Some(Lead)),
            Self::AttemptReported => ("attempt_reported", Leads, Some(Lead)),
            Self::LeadViewed => ("lead_viewed", Views, Some(Lead)),
            Self::LeadsSearched => ("leads_searched", Views, None),
            Self::LeadsPreviewed => ("leads_previewed", Views, Some(Form)),
            Self::SourcePreviewed => ("source_previewed", Views, Some(Source)),
            Self::ImportViewed => ("import_viewed", Views, Some(Import)),
            Self::AuditViewed => ("audit_viewed", Views, None),
            Self::AuditExported => ("audit_exported", Views, None),
            Self::GraveyardViewed => ("graveyard_viewed", Views, None),
            Self::QuarantineViewed => ("quarantine_viewed", Views, None),
            Self::SignedIn => ("signed_in", Access, Some(User)),
            Self::SignInFailed => ("sign_in_failed", Access, Some(User)),
            Self::SignInUnknown => ("sign_in_unknown", Access, None),
            Self::SignedOut => ("signed_out", Access, Some(User)),
            Self::OrganizationEntered => ("organization_entered", Access, Some(User)),
            Self::OrganizationLeft => ("organization_left", Access, Some(User)),
            Self::FactorAdded => ("factor_added", Access, Some(User)),
            Self::FactorRemoved => ("factor_removed", Access, Some(User)),
            Self::RecoveryCodesRenewed => ("recovery_codes_renewed", Access, Some(User)),
            Self::SessionsEnded => ("sessions_ended", Access, Some(User)),
            Self::OrganizationCreated => ("organization_created", Settings, Some(Organization)),
            Self::MemberAdded => ("member_added", Team, Some(User)),
            Self::MemberInvited => ("member_invited", Team, Some(Invitation)),
            Self::InvitationRenewed => ("invitation_renewed", Team, Some(Invitation)),
            Self::InvitationWithdrawn => ("invitation_withdrawn", Team, Some(Invitation)),
            Self::RoleChanged => ("role_changed", Team, Some(User)),
            Self::MemberRemoved => ("member_removed", Team, Some(User)),
            Self::ProfileChanged => ("profile_changed", Team, Some(User)),
            Self::PasswordChanged => ("password_changed", Access, Some(User)),
            Self::PasswordReset => ("password_reset", Access, Some(User)),
            Self::ResetCodeMade => ("reset_code_made", Access, Some(User)),
            Self::FactorsReset => ("factors_reset", Team, Some(User)),
            Self::MemberSignedOut => ("member_signed_out", Team, Some(User)),
            Self::AccessRulesChanged => ("access_rules_changed", Settings, None),
            Self::SlaChanged => ("sla_changed", Settings, None),
            Self::ShiftChanged => ("shift_changed", Team, Some(User)),
            Self::PauseBegun => ("pause_begun", Team, Some(User)),
            Self::PauseEnded => ("pause_ended", Team, Some(User)),
            Self::SendingSettingsChanged => ("sending_settings_changed", Settings, None),
            Self::SuppressionAdded => ("suppression_added", Settings, Some(Suppression)),
            Self::SuppressionRemoved => ("suppression_removed", Settings, Some(Suppression)),
            Self::EscalationChanged => ("escalation_changed", Settings, None),
            Self::DistributionChanged => ("distribution_changed", Settings, None),
            Self::ScoringChanged => ("scoring_changed", Settings, None),
            Self::SequenceSaved => ("sequence_saved", Settings, Some(Sequence)),
            Self::SequenceArchived => ("sequence_archived", Settings, Some(Sequence)),
            Self::SequenceBegun => ("sequence_begun", Leads, Some(Lead)),
            Self::SequenceStopped => ("sequence_stopped", Leads, Some(Lead)),
            Self::PageConnected => ("page_connected", Settings, Some(Page)),
            Self::ConnectionBroken => ("connection_broken", Settings, Some(Page)),
            Self::ConnectionMended => ("connection_mended", Settings, Some(Page)),
            Self::PageSubscribed => ("page_subscribed", Settings, Some(Page)),
            Self::SourceCreated => ("source_created", Settings, Some(Source)),
            Self::SourceChanged => ("source_changed", Settings, Some(Source)),
            Self::SourceSecretRotated => ("source_secret_rotated", Settings, Some(Source)),
            Self::SourceMapped => ("source_mapped", Settings, Some(Source)),
            Self::SourceRemoved => ("source_removed", Settings, Some(Source)),
            Self::ImportUploaded => ("import_uploaded", Settings, Some(Import)),
            Self::ImportStarted => ("import_started", Settings, Some(Import)),
            Self::ImportUndone => ("import_undone", Settings, Some(Import)),
            Self::KeysRotated => ("keys_rotated", System, None),
            Self::JobReplayed => ("job_replayed", System, None),
            Self::DeliveryReplayed => ("delivery_replayed", System, Some(Delivery)),
            Self::MetaAppSaved => ("meta_app_saved", Settings, None),
            Self::MetaAppRemoved => ("meta_app_removed", Settings, None),
            Self::PageTokenReplaced => ("page_token_replaced", Settings, Some(Page)),
            Self::PageDisconnected => ("page_disconnected", Settings, Some(Page)),
            Self::ConnectionTested => ("connection_tested", Settings, Some(Page)),
            Self::MappingChanged => ("mapping_changed", Settings, Some(Form)),
            Self::RemapAsked => ("remap_asked", Settings, Some(Form)),
            Self::LeadRemapped => ("lead_remapped", Leads, Some(Lead)),
            Self::ReceiptReplayed => ("receipt_replayed", System, Some(Delivery)),
            Self::ReceiptsReplayed => ("receipts_replayed", System, None),
            Self::JobDiscarded => ("job_discarded", System, None),
            Self::Unknown => ("unknown", System, None),
        }
    }

    /// The action, which has no subject, with a detail.
    pub fn with(self, name: &str, detail: impl Serialize) -> Entry {
        Entry::from(self).with(name, detail)
    }

    /// The action, done to this.
    pub fn on(self, subject: impl Into<Uuid>) -> Entry {
        Entry { subject: Some(subject.into()), ..Entry::from(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_serde_calls_them_and_all_are_listed() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).expect("serializes"), action.as_str());
        }
        let mut names = Action::ALL.map(Action::as_str).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Action::ALL.len());
        // The schema lists every variant, so one that is missing in ALL shows.
        let schema = serde_json::to_value(<Action as utoipa::PartialSchema>::schema()).expect("serializes");
        assert_eq!(schema["enum"].as_array().expect("variants").len(), Action::ALL.len() + 1);
        assert_eq!(serde_json::from_str::<Action>("\"of_tomorrow\"").expect("reads"), Action::Unknown);
    }
}
