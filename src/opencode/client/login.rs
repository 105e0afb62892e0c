//! Calls for logins to providers in the browser.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};

use super::{ApiCall, OpencodeClient, OpencodeError};
use crate::opencode::wire::login::{
    Authorization, AuthorizeRequest, CallbackRequest, LoginMethods,
};

/// Longer than any login page is valid.
const LOGIN: Duration = Duration::from_mins(30);

impl OpencodeClient {
    /// The ways to log in, by the provider's id; of providers that only take a key nothing is said.
    pub async fn login_methods(&self) -> Result<LoginMethods, OpencodeError> {
        let path = ["provider", "auth"];
        self.fetch_slowly("list the ways to log in", &path).await
    }

    /// Begins a login in the browser; `None` if the method is none.
    pub async fn begin_login(
        &self,
        provider: &str,
        body: &AuthorizeRequest,
    ) -> Result<Option<Authorization>, OpencodeError> {
        let path = ["provider", provider, "oauth", "authorize"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("begin the login", &path)
        };
        let (answer, _) = self.request(&call, Some(body)).await?;
        super::read(&call, &answer)
    }

    /// Ends a login, with the code that the page showed or without one. Answered once the user has logged in.
    pub async fn finish_login(
        &self,
        provider: &str,
        method: usize,
        code: Option<&SecretString>,
    ) -> Result<(), OpencodeError> {
        let path = ["provider", provider, "oauth", "callback"];
        let call = ApiCall {
            method: Method::POST,
            limit: LOGIN,
            ..self.get("finish the login", &path)
        };
        let body = CallbackRequest {
            method,
            code: code.map(SecretString::expose_secret),
        };
        self.request(&call, Some(&body)).await.map(drop)
    }
}
