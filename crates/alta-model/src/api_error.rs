use serde_json::Value;

model! {
    /// What the services say when a request fails: the body of a REST answer, or the content of a main-websocket answer,
    /// whose status is 400 or above.
    ///
    /// Gateways in front of the services send other bodies: empty, HTML, or a message alone.
    pub struct ApiError {
        /// For people; empty when the server sent none.
        default message: String = "message",
        /// For programs.
        optional error_code: ErrorCode = "error_code",
        /// Which fields of the request are wrong.
        optional request_model_errors: RequestModelErrors = "request_model_errors",
        /// More, of any shape.
        optional context: Value = "context",
    }
}

model! {
    /// Which fields of a request are wrong.
    pub struct RequestModelErrors {
        /// One entry for each mistake.
        list errors: RequestModelError = "errors",
    }
}

model! {
    /// One mistake in a request.
    pub struct RequestModelError {
        /// The field, if it is one field's mistake.
        optional field: String = "field",
        /// For people; empty when the server sent none.
        default message: String = "message",
    }
}

open_enum! {
    /// Why the services refused a request (Alta .NET models, which number them in this order from 0).
    pub enum ErrorCode {
        /// No error.
        None: "None" = 0,
        /// The password is wrong.
        InvalidPassword: "InvalidPassword" = 1,
        /// The item is not for sale.
        ItemNotAvailableForPurchase: "ItemNotAvailableForPurchase" = 2,
        /// The account has the item.
        ItemAlreadyOwned: "ItemAlreadyOwned" = 3,
        /// The account has too little money.
        NotEnoughCurrency: "NotEnoughCurrency" = 4,
        /// The balance could not be changed.
        UserBalanceUpdateFailed: "UserBalanceUpdateFailed" = 5,
        /// The item could not be given.
        ItemAttributionFailed: "ItemAttributionFailed" = 6,
        /// Anything.
        UnspecifiedError: "UnspecifiedError" = 7,
        /// A package of shards could not be read.
        FailedRetrievingTalemPackage: "FailedRetrievingTalemPackage" = 8,
        /// The package has no coupon left.
        NoCouponAvailableForPackage: "NoCouponAvailableForPackage" = 9,
        /// The purchase failed.
        ProcessingPurchaseFailed: "ProcessingPurchaseFailed" = 10,
        /// There is no such thing, or it is not yours to see.
        ObjectNotFound: "ObjectNotFound" = 11,
        /// That cannot be banned.
        InvalidBanTarget: "InvalidBanTarget" = 12,
        /// There is no such fleet.
        InvalidFleetSpecified: "InvalidFleetSpecified" = 13,
        /// The account may not lift the ban.
        NoPermissionsToRemoveBan: "NoPermissionsToRemoveBan" = 14,
        /// No code could be made.
        VerificationCodeGenerationFailed: "VerificationCodeGenerationFailed" = 15,
        /// The code is wrong.
        InvalidVerificationToken: "InvalidVerificationToken" = 16,
        /// The e-mail address is empty.
        EmptyEmail: "EmptyEmail" = 17,
        /// The e-mail address belongs to another account.
        EmailAlreadyInUse: "EmailAlreadyInUse" = 18,
        /// The e-mail could not be sent.
        FailedSendingEmail: "FailedSendingEmail" = 19,
        /// There is no such account.
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
        /// There is no such account.
        NoAccountFound: "NoAccountFound" = 28,
        /// The token's time is over: renew it.
        ExpiredToken: "ExpiredToken" = 29,
        /// The request's fields are wrong; the error lists them.
        InvalidRequestModel: "InvalidRequestModel" = 30,
        /// The player is not on the server.
        UserNotPlayingOnServer: "UserNotPlayingOnServer" = 31,
        /// It exists.
        DataAlreadyExists: "DataAlreadyExists" = 32,
        /// Nobody can do that to themselves.
        InvalidActionOnSelf: "InvalidActionOnSelf" = 33,
        /// It is being done.
        ActionAlreadyInProgress: "ActionAlreadyInProgress" = 34,
        /// There is no such region.
        InvalidRegion: "InvalidRegion" = 35,
        /// The group is private and the account no member.
        CantGetPrivateGroup: "CantGetPrivateGroup" = 36,
        /// The group has all the servers it may have.
        CantCreateMoreServers: "CantCreateMoreServers" = 37,
        /// The group's creator cannot be changed.
        CantModifyGroupCreator: "CantModifyGroupCreator" = 38,
        /// The account may not do that.
        InvalidPermissionsToPerformAction: "InvalidPermissionsToPerformAction" = 39,
        /// The name or the password is wrong.
        InvalidLoginCredentials: "InvalidLoginCredentials" = 40,
        /// It was done a moment ago.
        ActionPerformedRecently: "ActionPerformedRecently" = 41,
        /// The server is not online.
        ServerIsNotOnline: "ServerIsNotOnline" = 42,
        /// It is so already.
        AlreadyHasStatus: "AlreadyHasStatus" = 43,
        /// The server's session is not valid.
        InvalidServerSession: "InvalidServerSession" = 44,
        /// The server cannot be started.
        CannotStartServer: "CannotStartServer" = 45,
        /// The format is wrong.
        InvalidFormat: "InvalidFormat" = 46,
        /// The transaction could not be made.
        FailedCreatingTransaction: "FailedCreatingTransaction" = 47,
        /// There is no such subscription.
        InvalidSubscription: "InvalidSubscription" = 48,
        /// The coupon is wrong.
        InvalidCouponCode: "InvalidCouponCode" = 49,
        /// Trouble in the shop.
        ShopAdminError: "ShopAdminError" = 50,
        /// The currency is wrong.
        IncorrectCurrency: "IncorrectCurrency" = 51,
        /// The service cannot do that.
        ActionNotSupported: "ActionNotSupported" = 52,
        /// Try again later.
        RetryActionLater: "RetryActionLater" = 53,
        /// The service cannot do that yet.
        NotImplemented: "NotImplemented" = 54,
        /// The connection has no id.
        MissingConnectionIdentifier: "MissingConnectionIdentifier" = 55,
        /// The redirection is not allowed.
        InvalidRedirect: "InvalidRedirect" = 56,
        /// The article's number is taken.
        SkuAlreadyExists: "SkuAlreadyExists" = 57,
        /// A value in the query is wrong.
        InvalidQueryValue: "InvalidQueryValue" = 58,
        /// Something behind the service failed.
        BadGateway: "BadGateway" = 59,
    }
}
