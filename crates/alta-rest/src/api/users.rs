use super::NewUser;
use alta_auth::{Password, Secret};
use alta_model::{Membership, Statistics, User, UserId, UserRights};
use serde_json::{Value, json};

endpoints! {
    /// User accounts. Nearly all of these calls need a user's token, and fail with
    /// [`NoAccount`](crate::ErrorKind::NoAccount) if the client has none.
    ///
    /// `alta_auth` logs in and renews sessions.
    pub struct Users in users;

    /// The account with that name.
    #[doc(alias = "request_search_username")]
    fn search(username: String as impl Into<String>) -> one User
        = SearchUsername: User POST ["users", "search", "username"], json(&json!({"username": username}));

    /// An account.
    #[doc(alias = "request_search_userid")]
    fn get(user: UserId) -> one User = GetUser: User GET ["users", user];

    /// An account's history (alta-jsapi, .NET client).
    fn statistics(user: UserId) -> one Statistics = GetUserStatistics: User GET ["users", user, "statistics"];

    /// An account's permissions (.NET client).
    fn permissions(user: UserId) -> one UserRights = GetUserRights: User GET ["users", user, "permissions"];

    /// Reads whether an account is a supporter of the game (.NET client).
    fn membership(user: UserId) -> one Membership = GetMembership: User GET ["users", user, "membership"];

    /// Makes the service check again whether an account is a supporter of the game (.NET client).
    fn verify_membership(user: UserId) -> nothing ()
        = VerifyMembership: User GET ["users", user, "membership", "verify"];

    /// Creates an account (alta-jsapi, models). Needs no token.
    fn register(new: NewUser) -> one User = RegisterUser: None POST ["users"], json(new);

    /// Reads whether an account's e-mail address is verified (alta-jsapi, .NET client).
    fn is_verified(user: UserId) -> one bool = GetVerification: User GET ["users", user, "verification"];

    /// Sends an e-mail with a code to verify the address (alta-jsapi, .NET client).
    fn request_verification(user: UserId, email: String as impl Into<String>) -> nothing ()
        = RequestVerification: User PUT ["users", user, "verification"], json(&json!({"email": email}));

    /// Verifies an e-mail address with the code that was sent to it (alta-jsapi, .NET client).
    fn verify(user: UserId, code: Secret as impl Into<Secret>) -> one User
        = VerifyUser: User POST ["users", user, "verification"], json(&json!({"verification_token": code.expose()}));

    /// Changes the user's name (alta-jsapi, .NET client).
    fn change_username(new: String as impl Into<String>, password: Password) -> nothing ()
        = ChangeUsername: User PUT ["users", "me", "username"],
            json(&json!({"new_username": new, "password_hash": password.expose_hash()}));

    /// Changes the user's password (.NET client).
    fn change_password(old: Password, new: Password) -> nothing ()
        = ChangePassword: User PUT ["users", "me", "password"],
            json(&json!({"old_password_hash": old.expose_hash(), "new_password_hash": new.expose_hash()}));

    /// Changes the user's e-mail address (.NET client).
    fn change_email(email: String as impl Into<String>) -> nothing ()
        = ChangeEmail: User PATCH ["users", "me", "email"], json(&json!({"email": email}));

    /// Sets a new password with the code of a reset (alta-jsapi, .NET client). Needs no token.
    fn reset_password(user: UserId, code: Secret as impl Into<Secret>, new: Password) -> nothing ()
        = ResetPassword: None POST ["users", user, "password"],
            json(&json!({"reset_token": code.expose(), "new_password_hash": new.expose_hash()}));

    /// Checks a name: rejected if it cannot be used, otherwise a string whose content is not attested (.NET client).
    fn validate_username(username: String as impl Into<String>) -> text String
        = ValidateUsername: User POST ["users", "validate-username"], json(&json!({"username": username}));

    /// Checks an e-mail address: rejected if it cannot be used (.NET client).
    fn validate_email(email: String as impl Into<String>) -> nothing ()
        = ValidateEmail: User POST ["users", "validate-email"], json(&json!({"email": email}));

    /// The user's appearance presets (.NET client): an array of `{user_id, preset_id, bytes_size, data, timestamp}`.
    fn presets() -> one Value = ListPresets: User GET ["users", "me", "presets"];

    /// Saves a preset (.NET client): `bytes_size`, `data`, `preset_id`.
    fn set_preset(preset: Value) -> one Value = SetPreset: User POST ["users", "me", "presets"], json(preset);

    /// Removes a preset (.NET client).
    fn remove_preset(preset: i64) -> one Value = RemovePreset: User DELETE ["users", "me", "presets", preset];

    /// An account's achievements: `{hashes}` (.NET client).
    fn achievements(user: UserId) -> one Value = GetAchievements: User GET ["users", user, "achievements"];

    /// Changes an account's achievements: `{hash, completed}` (.NET client).
    fn set_achievement(user: UserId, achievement: Value) -> one Value
        = SetAchievement: User POST ["users", user, "achievements"], json(achievement);

    /// An account's action statistics: `{stats}`, an array of `{hash, new_progress, progress}` (.NET client).
    fn action_stats(user: UserId) -> one Value = GetActionStats: User GET ["users", user, "action-stats"];

    /// Changes an account's action statistics: `{stats}` (.NET client).
    fn set_action_stats(user: UserId, stats: Value) -> one Value
        = SetActionStats: User POST ["users", user, "action-stats"], json(stats);

    /// The accounts of other services that are linked to an account (py-tale, which calls it unreliable).
    #[doc(alias = "request_linked_accounts")]
    fn linked(user: UserId) -> one Value = GetLinkedAccounts: User GET ["linked", user, "linked"];
}
