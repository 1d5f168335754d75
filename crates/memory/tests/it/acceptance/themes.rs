//! The stories of a company that sells tickets online: for each, an issue, its fix, sometimes an
//! error, and a question in other words by somebody who was not there.

/// A story: from its issue to the deployment of its fix.
pub(super) struct Theme {
    pub(super) service: &'static str,
    pub(super) issue: &'static str,
    pub(super) detail: &'static str,
    pub(super) fix: &'static str,
    pub(super) fix_detail: &'static str,
    pub(super) error: Option<&'static str>,
    /// A question in other words.
    pub(super) question: &'static str,
    /// A few words by which people speak of it.
    pub(super) noun: &'static str,
}

macro_rules! themes {
    ($($service:literal, $noun:literal: $issue:literal, $detail:literal => $fix:literal, $fix_detail:literal; $error:expr; $question:literal.)*) => {
        pub(super) const THEMES: &[Theme] = &[$(Theme {
            service: $service, noun: $noun, issue: $issue, detail: $detail, fix: $fix, fix_detail: $fix_detail,
            error: $error, question: $question,
        }),*];
    };
}

themes! {
    "checkout", "expired cards":
        "Payment form accepts cards that have expired",
        "Customers can submit a card whose date has passed. The bank declines it a minute later, and the seats are lost." =>
        "Refuse expired cards before the bank is asked",
        "The form compares month and year with today and shows the reason beside the field."; None;
        "why could buyers pay with plastic that is no longer valid".
    "checkout", "double charge":
        "Some buyers are charged twice for one order",
        "When the browser retries after a slow answer, the order service books the amount a second time." =>
        "Give each order an idempotency key",
        "The key is made when the basket is opened, and the payment gateway drops the second request.";
        Some("DuplicateChargeError: order already captured");
        "people's money was taken two times".
    "checkout", "gift vouchers":
        "Vouchers cannot be combined with a discount code",
        "Support gets ten complaints a day. The price calculation applies only the first reduction it finds." =>
        "Apply reductions one after the other",
        "Vouchers come last, so that a percentage is taken of the full price."; None;
        "using a present card together with a promotion".
    "search", "misspelled artists":
        "Misspelled names of artists find nothing",
        "A visitor who types Beyonse gets an empty page. Seven percent of the look-ups end like that." =>
        "Allow one wrong letter in names of artists",
        "Names of more than five letters are matched with an edit distance of one."; None;
        "tolerating typos when looking for a band".
    "search", "slow city filter":
        "Filtering by city takes four seconds",
        "The list of events is read whole and filtered in the application. The table has three million rows." =>
        "Add an index over city and date",
        "The planner now reads four hundred rows. Measured on a copy of production: 12 ms.";
        Some("QueryTimeout: statement exceeded 5000 ms in EventRepository.byCity");
        "choosing a town makes the page hang".
    "search", "sold-out events":
        "Sold-out events are shown first",
        "The default order is by popularity, and what is popular is often gone." =>
        "Move events without seats to the end of the results",
        "Availability is read from the seat cache every minute."; None;
        "listings that nobody can buy any more should not be on top".
    "seating", "lost reservations":
        "Reserved seats are released while the buyer still pays",
        "The hold ends after five minutes, and 3-D Secure often takes longer." =>
        "Extend the hold while a payment is open",
        "The hold is renewed each minute until the gateway answers, for twenty minutes at most.";
        Some("SeatConflict: seat 14F is held by another session");
        "places vanish from the basket during the bank's confirmation".
    "seating", "wheelchair places":
        "Wheelchair places are missing from the seat map",
        "The importer drops the accessible category since the venues changed their export." =>
        "Read the accessible category of the new venue export",
        "The field was renamed to mobility_class. Old exports are still read."; None;
        "disabled visitors do not see their spots in the hall plan".
    "seating", "map rendering":
        "The stadium map freezes old phones",
        "Sixty thousand seats are drawn as separate elements. Devices with 2 GB of memory run out of it." =>
        "Draw large halls on a canvas in tiles",
        "Only the visible tiles are painted; zooming stays above 50 frames a second."; None;
        "drawing a very big arena on a weak mobile device".
    "mailer", "bounced confirmations":
        "Order confirmations to Outlook addresses bounce",
        "Microsoft refuses our mail since the DKIM key was rotated. The selector in DNS is the old one." =>
        "Publish the new DKIM selector and sign with it",
        "Both keys stay published for two weeks.";
        Some("SMTPError: 550 5.7.515 access denied, sending domain does not meet the authentication level");
        "buyers with a hotmail account never get their receipt".
    "mailer", "wrong language":
        "Reminders are sent in English to French customers",
        "The template engine reads the locale of the server instead of that of the account." =>
        "Take the locale from the customer's account",
        "Accounts without a locale fall back to the country of the venue."; None;
        "messages do not speak the reader's tongue".
    "mailer", "unsubscribe link":
        "The unsubscribe link ends in a 404",
        "The newsletter tool moved, and links in mails that were sent before point to the old host." =>
        "Redirect old unsubscribe links",
        "The token is translated, so that a click still removes the address."; None;
        "leaving the mailing list does not work".
    "auth", "locked accounts":
        "Accounts stay locked after the password was reset",
        "The counter of failed attempts is kept, so the next login is refused although the password is right." =>
        "Clear failed attempts when a password is reset",
        "The counter is set to zero in the same transaction."; None;
        "people cannot get in even with their new secret".
    "auth", "session expiry":
        "Sessions end in the middle of a purchase",
        "Tokens live for fifteen minutes and are not renewed by requests of the basket." =>
        "Renew tokens with each request of the basket",
        "A token is renewed when less than five minutes are left.";
        Some("TokenExpiredError: jwt expired at verifySession");
        "users are signed out while they are buying".
    "auth", "social login":
        "Sign in with Apple fails on the first try",
        "The nonce is stored in a cookie that Safari drops on a cross-site post." =>
        "Keep the Apple nonce on the server",
        "It is kept for ten minutes under the state parameter."; None;
        "iPhone owners must attempt to log on twice".
    "scanner", "offline entry":
        "Scanners at the gate need a connection",
        "In two stadiums the network broke down, and nobody could be let in for twenty minutes." =>
        "Let scanners check tickets without a network",
        "Each device carries the signed list of its event and syncs used tickets later."; None;
        "letting the audience in while the internet is down".
    "scanner", "screenshots of tickets":
        "Screenshots of a ticket get two people in",
        "The code on a mobile ticket never changes, so that a picture of it is as good as the ticket." =>
        "Rotate the ticket code every thirty seconds",
        "Codes are derived from a secret within the app, as one-time passwords are."; None;
        "copies of an admission pass used by a friend".
    "scanner", "battery drain":
        "Handheld scanners are empty after three hours",
        "The camera stays on between two guests, and the screen is at full brightness." =>
        "Switch the camera off between scans",
        "The light sensor wakes it within 200 ms. A charge lasts for nine hours in our test."; None;
        "devices at the door do not last for an evening".
    "pricing", "rounding":
        "Totals in yen have decimals",
        "The service multiplies by 100 for all currencies, and the yen has no cents." =>
        "Use the minor unit of each currency",
        "The table of ISO 4217 says how many digits a currency has.";
        Some("InvalidAmount: JPY does not support fractional amounts");
        "Japanese sums show fractions".
    "pricing", "dynamic fees":
        "Fees jump between the list and the basket",
        "The list shows the fee of the last hour, and the basket computes it anew." =>
        "Freeze the fee for ten minutes after the list was seen",
        "The quote has a signature, and the basket accepts it until it ends."; None;
        "surcharge differs from what was advertised a moment ago".
    "pricing", "tax in Switzerland":
        "Swiss value added tax is still 7.7 percent",
        "The rate rose to 8.1 percent in January. Eleven hundred invoices are wrong." =>
        "Read tax rates with the days from which they hold",
        "Invoices of January were made anew and sent to accounting."; None;
        "the levy on sales in Zurich is out of date".
    "analytics", "missing page views":
        "Page views of the app are not counted",
        "Since version 5 the app sends events in batches, and the collector reads only the first of each." =>
        "Read all events of a batch",
        "A batch may have two hundred events. Counts of the last two weeks were repaired from the raw log."; None;
        "mobile traffic looks far too low in the numbers".
    "analytics", "slow dashboards":
        "The sales dashboard needs a minute to load",
        "Each tile sums up all orders of the year on its own." =>
        "Sum up sales by hour in a table of their own",
        "The tiles read eight thousand rows instead of forty million.";
        Some("MemoryLimitExceeded: Query exceeded 9.31 GiB in sales_by_region");
        "managers wait for revenue charts".
    "analytics", "personal data":
        "Raw logs keep mail addresses for ever",
        "The auditors found addresses in query strings of 2023." =>
        "Remove addresses from logs after thirty days",
        "A nightly job rewrites old partitions, and the collector masks new ones."; None;
        "privacy: contact details were stored without an end".
    "payouts", "late transfers":
        "Organisers get their money a week late",
        "The file for the bank is made on Mondays only, and a holiday moves it by seven days." =>
        "Make the bank file on each working day",
        "The calendar of the target system is read once a year."; None;
        "promoters wait too long for what they earned".
    "payouts", "wrong account":
        "A changed bank account is used without a second check",
        "Somebody took over an organiser's mailbox and changed the account number. 14,000 euros were sent." =>
        "Ask for two persons when a bank account changes",
        "The change is held for three days, and the old contact gets a letter."; None;
        "fraud with swapped IBANs".
    "payouts", "currency of refunds":
        "Refunds are paid in the wrong currency",
        "Refunds of British events were sent in euros at the rate of the day." =>
        "Refund in the currency of the payment",
        "The amount of the original capture is used, not the amount of the order.";
        Some("CurrencyMismatch: capture GBP, refund EUR");
        "money given back came in another denomination".
    "infra", "certificates":
        "The certificate of the partner API ran out",
        "Renewal was bound to a machine that was switched off in spring. Partners got errors for two hours." =>
        "Renew certificates from the cluster and warn two weeks ahead",
        "cert-manager has all domains now, and an alert looks at each from outside.";
        Some("CERT_HAS_EXPIRED: certificate has expired for partners.stagepass.example");
        "TLS outage for resellers".
    "infra", "full disk":
        "The primary database ran out of disk",
        "A replication slot of a retired replica kept the log for nine days." =>
        "Drop slots that nobody reads and alert at seventy percent",
        "max_slot_wal_keep_size is set, so that a dead replica cannot fill the disk again.";
        Some("PG::DiskFull: could not extend file base/16384: No space left on device");
        "storage was exhausted by write-ahead files".
    "infra", "slow deployments":
        "A deployment takes forty minutes",
        "Images are built without a cache, and the tests run one after the other." =>
        "Cache layers and run tests on four machines",
        "The median fell to nine minutes."; None;
        "it takes ages until a merged change is live".
    "support", "lost chats":
        "Chats are lost when an agent closes the tab",
        "Messages are kept in the browser until the conversation ends." =>
        "Store chat messages when they are sent",
        "A conversation can be continued by another agent from where it stood."; None;
        "customer conversations disappear".
    "support", "macro editor":
        "Agents need answers with placeholders",
        "The same forty texts are copied from a document by hand, with wrong order numbers." =>
        "Add text snippets with fields of the order",
        "A snippet may use the name, the seats and the date of the event."; None;
        "canned replies that fill in the booking".
    "support", "spam tickets":
        "Robots open hundreds of tickets a night",
        "The contact form has no protection. Each ticket rings the person on duty." =>
        "Add a hidden field and a limit per address to the contact form",
        "Three tickets an hour for each address; the rest waits for a look.";
        Some("RateLimited: 412 tickets from 185.220.101.4 in 10 minutes");
        "bots flood the help desk".
    "app", "crash on start":
        "The Android app crashes when it starts without a network",
        "The configuration is read before anything is shown, and a missing answer is not handled." =>
        "Start with the configuration of the last time",
        "The app shows what it knows and tries again in the background.";
        Some("NullPointerException: RemoteConfig.getFeatures() must not be null");
        "the mobile client dies right away in a tunnel".
    "app", "dark mode":
        "White flashes between pages in dark mode",
        "The web view is painted white before the style is there." =>
        "Paint the web view in the colour of the theme",
        "The colour is handed over when the view is made."; None;
        "bright flicker at night".
    "app", "calendar entries":
        "Calendar entries have the wrong hour",
        "The time of the venue is written without its zone, so that a phone abroad moves it." =>
        "Write calendar entries with the zone of the venue",
        "Entries that exist are corrected when the app is opened."; None;
        "appointments are off when people travel".
}
