use serde_json::Value;

model! {
    /// The error of a failed request: the body of a REST response, or the content of a main-websocket reply, with a status of
    /// 400 or above.
    ///
    /// Gateways in front of the services send other bodies: empty, HTML, or only a message.
    pub struct ApiError {
        /// The message for people; empty when the server sent none.
        default message: String = "message",
        /// The code for programs.
        optional error_code: ErrorCode = "error_code",
        /// The invalid fields of the request.
        optional request_model_errors: RequestModelErrors = "request_model_errors",
        /// Further data of any shape.
        optional context: Value = "context",
    }
}

model! {
    /// The invalid fields of a request.
    pub struct RequestModelErrors {
        /// One entry for each mistake.
        list errors: RequestModelError = "errors",
    }
}

model! {
    /// One mistake in a request.
    pub struct RequestModelError {
        /// The field, if the mistake is in one field.
        optional field: String = "field",
        /// The message for people; empty when the server sent none.
        default message: String = "message",
    }
}

open_enum! {
    /// The reason why the services refused a request (Alta .NET models, which number them in this order from 0).
    pub enum ErrorCode {
        /// No error.
        None: "None" = 0,
        /// The password is wrong.
        InvalidPassword: "InvalidPassword" = 1,
        /// The item is not for sale.
        ItemNotAvailableForPurchase: "ItemNotAvailableForPurchase" = 2,
        /// The account already has the item.
        ItemAlreadyOwned: "ItemAlreadyOwned" = 3,
        /// The account has too little money.
        NotEnoughCurrency: "NotEnoughCurrency" = 4,
        /// The balance could not be changed.
        UserBalanceUpdateFailed: "UserBalanceUpdateFailed" = 5,
        /// The item could not be given.
        ItemAttributionFailed: "ItemAttributionFailed" = 6,
        /// An unspecified error.
        UnspecifiedError: "UnspecifiedError" = 7,
        /// A package of shards could not be read.
        FailedRetrievingTalemPackage: "FailedRetrievingTalemPackage" = 8,
        /// The package has no coupon left.
        NoCouponAvailableForPackage: "NoCouponAvailableForPackage" = 9,
        /// The purchase failed.
        ProcessingPurchaseFailed: "ProcessingPurchaseFailed" = 10,
        /// The object does not exist, or the account cannot see it.
        ObjectNotFound: "ObjectNotFound" = 11,
        /// The account cannot be banned.
        InvalidBanTarget: "InvalidBanTarget" = 12,
        /// The fleet does not exist.
        InvalidFleetSpecified: "InvalidFleetSpecified" = 13,
        /// The account may not lift the ban.
        NoPermissionsToRemoveBan: "NoPermissionsToRemoveBan" = 14,
        /// The code could not be created.
        VerificationCodeGenerationFailed: "VerificationCodeGenerationFailed" = 15,
        /// The code is wrong.
        InvalidVerificationToken: "InvalidVerificationToken" = 16,
        /// The e-mail address is empty.
        EmptyEmail: "EmptyEmail" = 17,
        /// The e-mail address belongs to another account.
        EmailAlreadyInUse: "EmailAlreadyInUse" = 18,
        /// The e-mail could not be sent.
        FailedSendingEmail: "FailedSendingEmail" = 19,
        /// The account does not exist.
        InvalidUser: "InvalidUser" = 20,
        /// The name belongs to another account.
        UsernameAlreadyTaken: "UsernameAlreadyTaken" = 21,
        /// The account is linked.
        AccountAlreadyLinked: "AccountAlreadyLinked" = 22,
        /// The other account was refused.
        InvalidOculusCredentials: "InvalidOculusCredentials" = 23,
        /// The accounts could not be linked.
        LinkingFailed: "LinkingFailed" = 24,
        /// No free name was found.
        NoUniqueUsername: "NoUniqueUsername" = 25,
        /// No region fits.
        NoMatchingRegion: "NoMatchingRegion" = 26,
        /// The server could not be reached.
        CouldNotAccessServer: "CouldNotAccessServer" = 27,
        /// The account does not exist.
        NoAccountFound: "NoAccountFound" = 28,
        /// The token has expired.
        ExpiredToken: "ExpiredToken" = 29,
        /// Fields of the request are invalid; the error lists them.
        InvalidRequestModel: "InvalidRequestModel" = 30,
        /// The player is not on the server.
        UserNotPlayingOnServer: "UserNotPlayingOnServer" = 31,
        /// The object exists already.
        DataAlreadyExists: "DataAlreadyExists" = 32,
        /// An account cannot do that to itself.
        InvalidActionOnSelf: "InvalidActionOnSelf" = 33,
        /// The action is in progress.
        ActionAlreadyInProgress: "ActionAlreadyInProgress" = 34,
        /// The region does not exist.
        InvalidRegion: "InvalidRegion" = 35,
        /// The group is private and the account is not a member.
        CantGetPrivateGroup: "CantGetPrivateGroup" = 36,
        /// The group has its maximum of servers.
        CantCreateMoreServers: "CantCreateMoreServers" = 37,
        /// The group's creator cannot be changed.
        CantModifyGroupCreator: "CantModifyGroupCreator" = 38,
        /// The account lacks the permission.
        InvalidPermissionsToPerformAction: "InvalidPermissionsToPerformAction" = 39,
        /// The name or the password is wrong.
        InvalidLoginCredentials: "InvalidLoginCredentials" = 40,
        /// The action was performed recently.
        ActionPerformedRecently: "ActionPerformedRecently" = 41,
        /// The server is not online.
        ServerIsNotOnline: "ServerIsNotOnline" = 42,
        /// The state is as requested already.
        AlreadyHasStatus: "AlreadyHasStatus" = 43,
        /// The server's session is not valid.
        InvalidServerSession: "InvalidServerSession" = 44,
        /// The server cannot be started.
        CannotStartServer: "CannotStartServer" = 45,
        /// The format is wrong.
        InvalidFormat: "InvalidFormat" = 46,
        /// The transaction failed.
        FailedCreatingTransaction: "FailedCreatingTransaction" = 47,
        /// The subscription does not exist.
        InvalidSubscription: "InvalidSubscription" = 48,
        /// The coupon is wrong.
        InvalidCouponCode: "InvalidCouponCode" = 49,
        /// An error in the shop.
        ShopAdminError: "ShopAdminError" = 50,
        /// The currency is wrong.
        IncorrectCurrency: "IncorrectCurrency" = 51,
        /// The service cannot do that.
        ActionNotSupported: "ActionNotSupported" = 52,
        /// The action may succeed later.
        RetryActionLater: "RetryActionLater" = 53,
        /// The service cannot do that yet.
        NotImplemented: "NotImplemented" = 54,
        /// The connection has no id.
        MissingConnectionIdentifier: "MissingConnectionIdentifier" = 55,
        /// The redirection is not allowed.
        InvalidRedirect: "InvalidRedirect" = 56,
        /// The number of the article is in use.
        SkuAlreadyExists: "SkuAlreadyExists" = 57,
        /// A value in the query is wrong.
        InvalidQueryValue: "InvalidQueryValue" = 58,
        /// A gateway or an upstream service failed.
        BadGateway: "BadGateway" = 59,
    }
}
